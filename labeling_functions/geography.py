"""Claims about places: coordinates, postal codes, towns, states and countries."""

import narwhals as nw

from oreflow.labeling import US_STATES, ColumnProfile, labels, labels_row, no_opinion, shape_of


@labels(role="latitude", precision=0.97)
def latitude_off_the_globe(cell: nw.Expr) -> nw.Expr:
    """Latitudes lie between -90 and 90."""
    return ~cell.is_between(-90, 90)


@labels(role="longitude", precision=0.97)
def longitude_off_the_globe(cell: nw.Expr) -> nw.Expr:
    """Longitudes lie between -180 and 180."""
    return ~cell.is_between(-180, 180)


@labels_row(("latitude", "longitude"), precision=0.9)
def on_null_island(latitude: nw.Expr, longitude: nw.Expr) -> nw.Expr:
    """Latitude 0 and longitude 0 together mean that there was no fix."""
    return (latitude == 0) & (longitude == 0)


@labels(role="zip", reads="written", needs="profile", precision=0.85)
def zip_of_another_shape(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where all but a few postal codes are built alike, one that is built otherwise is damaged."""
    common = [shape for shape, share in profile.shapes.items() if share >= 0.005]
    if profile.count < 50 or sum(profile.shapes[s] for s in common[:2]) < 0.98:
        return no_opinion()
    return ~shape_of(cell).is_in(common)


@labels(role="zip", reads="text", needs="profile", precision=0.8)
def zip_of_another_length(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where 99 in 100 postal codes have one length, another length is damage."""
    usual = [int(length) for length, share in profile.lengths.items() if share >= 0.99]
    if profile.count < 50 or not usual:
        return no_opinion()
    return cell.str.len_chars() != usual[0]


@labels(role="city", precision=0.8)
def town_with_digits(cell: nw.Expr) -> nw.Expr:
    """The name of a town has no digits."""
    return cell.str.contains(r"\d")


@labels(role="country", precision=0.9)
def country_with_digits(cell: nw.Expr) -> nw.Expr:
    """The name of a country has no digits."""
    return cell.str.contains(r"\d")


@labels(role="state", needs="profile", precision=0.9)
def state_unknown_among_known_ones(cell: nw.Expr, profile: ColumnProfile) -> nw.Expr:
    """Where 98 in 100 cells are states of the United States, another word is damage."""
    known = sum(count for value, count in profile.frequent.items() if value.lower() in US_STATES)
    if profile.count < 50 or known < 0.98 * profile.count:
        return no_opinion()
    return ~cell.str.to_lowercase().is_in(sorted(US_STATES))
