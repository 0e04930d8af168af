"""What is kept of documents: the ones that run, within a room of their own, and of a refusal its words alone."""

import gc

import pytest
from graphql import DocumentNode

from gateway.api.operations.bounds import DocumentBounds
from gateway.api.operations.documents import Documents
from gateway.api.operations.shelf import Shelf
from gateway.api.schema.built import schema


def test_the_same_text_is_the_same_document() -> None:
    documents = Documents(schema._schema, DocumentBounds())

    assert documents.read("{ __typename }") is documents.read("{ __typename }")


@pytest.mark.parametrize("text", ["{ nothing }", "{", "{ a: __typename " * 2, "{" + "a{" * 40 + "b" + "}" * 41])
def test_of_a_refused_document_no_part_is_kept(text: str) -> None:
    documents = Documents(schema._schema, DocumentBounds())
    gc.collect()
    before = sum(isinstance(each, DocumentNode) for each in gc.get_objects())

    read = documents.read(text)
    gc.collect()

    assert read.errors
    assert read.document is None
    assert all(error.nodes is None and error.__traceback__ is None for error in read.errors)
    assert sum(isinstance(each, DocumentNode) for each in gc.get_objects()) == before


def test_a_shelf_keeps_no_more_things_and_no_larger_ones_than_it_has_room_for() -> None:
    shelf: Shelf[str] = Shelf(most=3, room=10)
    for key in "abcd":
        shelf.keep(key, key, 1)
    assert [key for key in "abcd" if key in shelf] == ["b", "c", "d"]

    shelf.keep("e", "e", 8)
    assert [key for key in "bcde" if key in shelf] == ["c", "d", "e"]
    shelf.get("c")
    shelf.keep("f", "f", 2)
    assert [key for key in "cdef" if key in shelf] == ["c", "f"]

    shelf.keep("g", "g", 11)
    assert "g" not in shelf
