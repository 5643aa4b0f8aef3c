"""Claims about e-mail addresses, telephone numbers and web addresses."""

import narwhals as nw

from oreflow.labeling import labels


@labels(role="email", precision=0.97)
def email_without_at(cell: nw.Expr) -> nw.Expr:
    """An address with no @ is damaged."""
    return ~cell.str.contains("@", literal=True)


@labels(role="email", precision=0.95)
def email_with_two_ats(cell: nw.Expr) -> nw.Expr:
    """An address has one @."""
    return cell.str.contains("@.*@")


@labels(role="email", precision=0.95)
def email_with_spaces(cell: nw.Expr) -> nw.Expr:
    """An address has no spaces inside."""
    return cell.str.contains(r"\s")


@labels(role="email", precision=0.95)
def email_without_a_domain(cell: nw.Expr) -> nw.Expr:
    """After its @ an address has a name, a dot and at least two letters."""
    return cell.str.contains("@", literal=True) & ~cell.str.contains(r"@[^@\s]+\.[\p{L}]{2,}$")


@labels(role="email", precision=0.95)
def email_without_a_name(cell: nw.Expr) -> nw.Expr:
    """Something stands before the @ of an address."""
    return cell.str.starts_with("@")


@labels(role="email", precision=0.85)
def email_with_odd_characters(cell: nw.Expr) -> nw.Expr:
    """Commas, brackets, quotes and doubled dots are no part of an address."""
    return cell.str.contains(r"""[,;:<>()\[\]"\\]|\.\.""")


@labels(role="phone", reads="written", precision=0.9)
def phone_with_letters(cell: nw.Expr) -> nw.Expr:
    """A telephone number has no letters but those of an extension."""
    return cell.str.to_lowercase().str.replace_all(r"ext\.?|x|tel\.?|phone", "").str.contains(r"\p{L}")


@labels(role="phone", reads="written", precision=0.85)
def phone_with_too_few_digits(cell: nw.Expr) -> nw.Expr:
    """A telephone number has at least six digits."""
    return ~cell.str.contains(r"(\d\D*){6}")


@labels(role="phone", reads="written", precision=0.9)
def phone_with_too_many_digits(cell: nw.Expr) -> nw.Expr:
    """No telephone number has more than fifteen digits, beside an extension (ITU-T E.164)."""
    return cell.str.contains(r"^([^\dxX]*\d){16}")


@labels(role="phone", reads="written", precision=0.9)
def phone_of_one_digit(cell: nw.Expr) -> nw.Expr:
    """A telephone number is not one digit over and over."""
    alike = "|".join(rf"({digit}\D*)+" for digit in range(10))
    return cell.str.contains(rf"^\D*({alike})$")


@labels(role="url", precision=0.9)
def url_with_spaces(cell: nw.Expr) -> nw.Expr:
    """A web address has no spaces inside."""
    return cell.str.contains(r"\s")


@labels(role="url", precision=0.9)
def url_without_a_host(cell: nw.Expr) -> nw.Expr:
    """A web address names a host after its scheme."""
    return cell.str.contains("://", literal=True) & ~cell.str.contains(r"://[^/\s?#]+")
