"""What the scripted agent does when enriching: every source that says something here, and all the contract asks for.

The rule: a source whose field would be empty or the same in every row is declined, and the reason is given at the end.
"""

from oreflow.enriching import EnrichObservation, SourceView
from oreflow.operation import Finish, Operation
from oreflow.operations.enriching import AddAggregate, AddFeature, AddField

FEW_ROWS = 20  # fewer rows may well agree by chance


def choose(observation: EnrichObservation) -> Operation:
    """The next field, feature or aggregate that is neither there nor refused, else `Finish`."""
    settled = {name.casefold() for name in (*observation.added, *observation.refused)}
    declined = _declined(observation)
    for source in observation.sources:
        if source.name.casefold() not in settled and source.name not in declined:
            reason = f"{source.claim} It is known for {1 - source.null_share:.0%} of the rows."
            return AddField(source=source.name, columns=source.columns, reason=reason)
    for feature in observation.features:
        if feature.name.casefold() not in settled:
            return AddFeature(name=feature.name, reason="The contract names this feature.")
    for aggregate in observation.aggregates:
        if aggregate.name.casefold() not in settled:
            return AddAggregate(name=aggregate.name, reason="The contract asks for this aggregate.")
    return Finish(reason=_closing(observation, declined)[:500])


def _declined(observation: EnrichObservation) -> dict[str, str]:
    found = {source.name: _why_not(source, observation) for source in observation.sources}
    return {name: why for name, why in found.items() if why is not None}


def _why_not(source: SourceView, observation: EnrichObservation) -> str | None:
    if any(failed.get("column") == source.name for failed in observation.feedback):
        return "failed the gate"
    if source.distinct == 0:
        return "would be empty in every row"
    if source.distinct == 1 and observation.rows >= FEW_ROWS:
        return "would be the same in every row"
    return None


def _closing(observation: EnrichObservation, declined: dict[str, str]) -> str:
    said = [f"{name} {why}" for name, why in declined.items()]
    said += [f"{name} was refused: {why}" for name, why in observation.refused.items()]
    if said:
        return f"Left out: {'; '.join(said)}"
    return "Every source that applies is used, and all that the contract asks for is there."
