"""Reports: a run as one self-contained HTML page and as a summary in the terminal; both only read the run record."""
