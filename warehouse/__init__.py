"""The warehouse: code of the lakehouse; the data lives in the folder that the user names."""
