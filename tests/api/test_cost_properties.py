"""The cost of any operation is what the printed schema says, and never falls when more is asked."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api.asked import PRINTED, ROWS, added_up, asked, everywhere, selections, written
from tests.api.costing import compiled

QUERY = PRINTED.query_type


@settings(deadline=None)
@given(selections(QUERY))
def test_a_query_costs_what_adds_up_from_the_printed_schema(selection: list) -> None:  # type: ignore[type-arg]
    assert compiled(written(selection)).of({"rows": ROWS}) == max(1, added_up(selection))


@settings(deadline=None)
@given(selections(QUERY), st.data())
def test_the_cost_never_falls_when_a_field_is_added_anywhere(selection: list, data: st.DataObject) -> None:  # type: ignore[type-arg]
    before = compiled(written(selection)).of({"rows": ROWS})
    places = [(kind, place) for kind, place in everywhere(QUERY, selection) if hasattr(kind, "fields")]
    kind, place = data.draw(st.sampled_from(places))
    more = data.draw(asked(kind, 2))

    place.append(more)

    assert compiled(written(selection)).of({"rows": ROWS}) >= before


@settings(deadline=None)
@given(selections(QUERY), st.data())
def test_the_cost_never_falls_when_a_field_is_asked_again_under_another_alias(
    selection: list,  # type: ignore[type-arg]
    data: st.DataObject,
) -> None:
    before = compiled(written(selection)).of({"rows": ROWS})
    place = data.draw(st.sampled_from([place for _, place in everywhere(QUERY, selection) if place]))

    place.append(data.draw(st.sampled_from(place)))

    assert compiled(written(selection)).of({"rows": ROWS}) >= before
