"""Clues: what header words suggest a role, and what the cells must show before it is believed."""

import re
from collections.abc import Callable
from typing import NamedTuple

import polars as pl

from oreflow.role_evidence import US_STATES, YES_NO, Evidence, portion, word_set


class Clue(NamedTuple):
    """A role, the header words (a regex over the spaced header) that suggest it, and what the cells must show."""

    role: str
    header: str
    cells: Callable[[Evidence], bool]

    def suggested(self, header: str) -> bool:
        """Whether the header holds the words; a clue without words judges by the cells alone."""
        return not self.header or re.search(rf"(?:^| )(?:{self.header})(?: |$)", header) is not None


def _label(e: Evidence) -> bool:
    return e.is_text and not e.numeric and e.temporal is None and e.repeats


def _words(e: Evidence) -> bool:
    return e.is_text and not e.numeric and e.temporal is None and e.share("letters") >= 0.9


def _token(e: Evidence) -> bool:
    return (e.is_number and e.whole) or (e.is_text and e.temporal is None and e.share("token") >= 0.9)


def _long(e: Evidence) -> bool:
    return e.mean_length >= 40 and portion(e.text.str.contains(" ")) >= 0.8


_MONEY = (
    "amount|income|salary|wages?|revenue|costs?|spend|spent|budget|balance|fees?|profit|turnover|earnings|payroll"
    "|betrag|umsatz|gehalt|kosten|importe|monto|salario|montant|salaire|chiffre"
)
_BEGIN = (
    "startdate|createdate|creationdate|hiredate|start|started|begin|began|hired?|opened?|created?"
    "|joined?|joining|onboarding|from|beginn|eintritt|inicio|debut"
)
_END = (
    "enddate|closedate|duedate|exitdate|end|ended|closed?|closing|resolved?|exit|due|finish(?:ed)?|completed|completion"
    "|expir(?:y|es|ed|ation)|deadline|terminat(?:ed|ion)|until|left|ende|austritt|fin|faellig"
)
_LEVELS = word_set("high,medium,low,critical,urgent,normal,moderate,minor,major,none,severe,trivial,blocker")

# The order is the rule: what is narrower stands first, the first clue whose header and cells agree wins.
CLUES: tuple[Clue, ...] = (
    Clue("email", r"e? ?mails?|correo|courriel", lambda e: e.is_text and e.share("email") >= 0.5),
    Clue("email", r"", lambda e: e.is_text and e.share("email") >= 0.9),
    Clue("url", r"", lambda e: e.is_text and e.share("url") >= 0.9),
    Clue("url", r"urls?|website|web|link|homepage", lambda e: e.is_text and e.share("url") >= 0.5),
    Clue(
        "phone",
        r"phones?|telephone|tel|mobile|fax|telefon|telefono|handy|telefone|phonenumber",
        lambda e: e.share("phone") >= 0.6 and (e.is_text or e.between(1e6, 1e13)),
    ),
    Clue(
        "birth_date",
        r"dob|birth|birthday|birthdate|born|geburtsdatum|geburtstag|nacimiento|naissance",
        lambda e: e.temporal is not None,
    ),
    Clue("start_date", _BEGIN, lambda e: e.temporal is not None),
    Clue("end_date", _END, lambda e: e.temporal is not None),
    Clue("timestamp", r"", lambda e: e.temporal == "timestamp"),
    Clue("date", r"", lambda e: e.temporal == "date"),
    Clue("latitude", r"lat|latitude|breitengrad|latitud|intptlat", lambda e: e.between(-90, 90) and not e.whole),
    Clue(
        "longitude",
        r"lng|lon|long|longitude|laengengrad|longitud|intptlon",
        lambda e: e.between(-180, 180) and not e.whole,
    ),
    Clue(
        "zip",
        r"zip|zipcode|zip ?code|postcode|postal|plz|postleitzahl|zcta",
        lambda e: e.share("zip") >= 0.7 and not e.between(0, 999),
    ),
    Clue("year", r"years?|yr|jahr|annee|ano|anio|yearvalue", lambda e: e.whole and e.between(1500, 2200)),
    Clue(
        "age",
        r"^((employee|person|patient|customer|user|current) )?(age|alter|edad)( (in )?years)?$",
        lambda e: e.between(0, 130, share=0.9),
    ),
    Clue(
        "currency_code",
        r"currency|wahrung|waehrung|moneda|devise",
        lambda e: e.is_text and e.share("currency_code") >= 0.9,
    ),
    Clue("percent", r"", lambda e: e.is_text and e.share("percent") >= 0.7),
    Clue(
        "percent",
        r"pct|percent|percentage|probability|prozent|porcentaje|pourcentage|abv",
        lambda e: e.between(-100, 200, share=0.9),
    ),
    Clue(
        "id",
        r"id|ids|uuid|guid|identifier|ticket number|order number|invoice number|nummer|key|\w*[^aeilou ]id",
        lambda e: _token(e) and e.distinct >= 0.9 and len(e.text) >= 2,
    ),
    Clue(
        "key",
        r"id|ids|uuid|guid|identifier|key|ref|reference|\w*[^aeilou ]id",
        lambda e: _token(e) and not e.share("percent"),
    ),
    Clue(
        "key", r"number|no|nr|num", lambda e: e.is_text and not e.numeric and e.share("token") >= 0.95 and not e.repeats
    ),
    Clue("price", r"(unit )?price|preis|precio|prix|price per unit|unit cost", lambda e: e.numeric),
    Clue("amount", _MONEY, lambda e: e.numeric and not e.share("percent")),
    Clue("amount", r"", lambda e: e.is_text and e.numeric and e.share("money") >= 0.7),
    Clue(
        "duration",
        r"hours?|days?|minutes?|seconds?|months?|years|weeks?|duration|tenure|milliseconds|stunden|tage|dias|jours",
        lambda e: e.numeric,
    ),
    Clue(
        "quantity",
        r"quantity|qty|counts?|units|anzahl|menge|cantidad|quantite|headcount|number of|num of",
        lambda e: e.whole,
    ),
    Clue("distance", r"distance|km|miles|mileage|kilometers?|entfernung|distancia", lambda e: e.numeric),
    Clue("score", r"score|rating|satisfaction|grade|stars|bewertung|nota", lambda e: e.between(0, 10)),
    Clue("level", r"level|tier|stufe|nivel|niveau|education", lambda e: e.whole and e.between(0, 10)),
    Clue("flag", r"", lambda e: isinstance(e.dtype, pl.Boolean)),
    Clue("flag", r"", lambda e: e.is_text and e.among(YES_NO) >= 0.9 and e.repeats),
    Clue("flag", r"is \w.*|has \w.*|flag|active|made \w+", lambda e: e.whole and e.between(0, 1, share=1.0)),
    Clue(
        "first_name",
        r"first ?name|given ?name|forename|vorname|nombre|prenom",
        lambda e: e.is_text and e.share("name_word") >= 0.8,
    ),
    Clue(
        "last_name",
        r"last ?name|surname|family ?name|nachname|apellidos?|nom de famille",
        lambda e: e.is_text and e.share("name_word") >= 0.8,
    ),
    Clue(
        "person_name",
        r"full ?name|assignee|supervisor|manager( name)?|(employee|contact|patient|student|person|agent) name"
        r"|(sales )?rep|author|(assigned|opened|resolved|created|approved) by|assigned to|owner|mitarbeiter|empleado",
        lambda e: e.is_text and e.share("full_name") >= 0.8 and not e.share("number"),
    ),
    Clue(
        "state",
        r"state|statevalue|province|bundesland|estado|provincia|st|state code",
        lambda e: e.is_text and e.among(US_STATES) >= 0.6,
    ),
    Clue("state", r"province|bundesland|provincia", _words),
    Clue("country", r"country|nation|country name|pais|pays", _words),
    Clue("city", r"city|town|municipality|stadt|ciudad|ville|townname|city name|town name", _words),
    Clue(
        "address",
        r"address ?1?|street address|adresse|direccion|anschrift",
        lambda e: _words(e) and portion(e.text.str.contains(r"\d")) >= 0.5,
    ),
    Clue(
        "priority",
        r"priority|severity|urgency|impact|prioritat|prioridad|priorite|risk",
        lambda e: _label(e) or (e.whole and e.between(0, 10)),
    ),
    Clue("priority", r"", lambda e: _label(e) and e.among(_LEVELS) >= 0.95),
    Clue("status", r"status|state|stage|phase|zustand|estado|etat|statut", _label),
    Clue("code", r"codes?|kode|codigo|sku|abbreviation|kuerzel", lambda e: _token(e) and not e.between(-1, 1)),
    Clue("text", r"", lambda e: _words(e) and _long(e)),
    Clue(
        "text",
        r"descriptions?|comments?|notes?|remarks?|summary|beschreibung|bemerkung|descripcion|commentaire",
        lambda e: _words(e) and not e.repeats,
    ),
    Clue("category", r"", lambda e: _label(e) and e.share("letters") >= 0.9),
)
