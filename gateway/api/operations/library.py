"""Finds the document that is asked for: by its text, by a trusted document's id, or by a hash that was registered."""

import hashlib

from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode

from gateway.api.operations.asked import Asked
from gateway.api.operations.documents import Documents, Read
from gateway.api.operations.operation import Found
from gateway.api.operations.persisted import Manifest, ManifestUnreadable
from gateway.api.operations.preparing import prepared
from gateway.api.operations.shelf import Shelf
from gateway.api.problems import Code, coded

# The message by which clients of automatic persisted queries know that they have to send the text, too.
NOT_FOUND = "PersistedQueryNotFound"
UNKNOWN_ID = "There is no trusted document of this id."
NO_IDS = "No document is known by an id here: send its text."
ONLY_TRUSTED = "Only trusted documents are run here: send the id of one."


class Library:
    """The documents of one schema. What is known by an id or a hash is neither parsed nor validated again.

    Raises, at its making: ManifestUnreadable for a trusted document that can't be run on this schema.
    """

    def __init__(self, schema: GraphQLSchema, documents: Documents, manifest: Manifest) -> None:
        self._schema = schema
        self._documents = documents
        self.bounds = documents.bounds
        self._is_exclusive = manifest.is_exclusive
        self._trusted = {_bare(key): documents.read_whole(text) for key, text in manifest.texts.items()}
        self._texts = {text: self._trusted[_bare(key)] for key, text in manifest.texts.items()}
        self._registered: Shelf[Read] = Shelf(documents.bounds.kept, documents.bounds.kept_room)
        for key, read in self._trusted.items():
            if read.errors:
                raise ManifestUnreadable(f"trusted document {key!r}: {read.errors[0].message}")

    @property
    def trusted_names(self) -> frozenset[str]:
        """The names of the operations in trusted documents."""
        documents = (read.document for read in self._trusted.values() if read.document)
        definitions = (each for document in documents for each in document.definitions)
        return frozenset(
            each.name.value for each in definitions if isinstance(each, OperationDefinitionNode) and each.name
        )

    def find(self, asked: Asked) -> Found:
        """The operation that is asked for, or what is wrong with its document."""
        read, name = self._find(asked), asked.operation_name
        found = read.found.get(name)
        if found is None:
            found = prepared(self._schema, read, name)
            if found.operation is not None:
                read.found[name] = found
        return found

    def unread(self, asked: Asked) -> int:
        """How many characters would have to be read for it: none of what is known."""
        text = asked.query
        if text is None or self._is_exclusive or self._trusted_of(asked) or self._documents.is_kept(text):
            return 0
        return 0 if asked.sha256 is not None and asked.sha256 in self._registered else len(text)

    def _trusted_of(self, asked: Asked) -> Read | None:
        """By an id or a hash, whatever text was sent beside it."""
        for key in (asked.document_id, asked.sha256):
            if key is not None and _bare(key) in self._trusted:
                return self._trusted[_bare(key)]
        return None

    def _find(self, asked: Asked) -> Read:
        trusted = self._trusted_of(asked)
        if trusted is not None:
            return trusted
        if self._is_exclusive:
            return self._texts.get(asked.query or "") or _absent(ONLY_TRUSTED)
        if asked.document_id is not None and asked.query is None:
            return _absent(UNKNOWN_ID if self._trusted else NO_IDS)
        if asked.sha256 is not None:
            return self._by_hash(asked.sha256, asked.query)
        return _absent(NOT_FOUND) if asked.query is None else self._documents.read(asked.query)

    def _by_hash(self, sha256: str, text: str | None) -> Read:
        found = self._registered.get(sha256)
        if found is not None:
            return found
        if text is None:
            return _absent(NOT_FOUND)
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != sha256:
            return Read(None, (coded(GraphQLError("The hash is not that of the query."), Code.BAD_USER_INPUT),))
        return self._register(sha256, text)

    def _register(self, sha256: str, text: str) -> Read:
        read = self._documents.read(text)
        if not read.errors:
            self._registered.keep(sha256, read, len(text))
        return read


def _bare(key: str) -> str:
    # Some tools write the algorithm before an id that is a hash.
    return key.removeprefix("sha256:")


def _absent(message: str) -> Read:
    return Read(None, (coded(GraphQLError(message), Code.PERSISTED_QUERY_NOT_FOUND),))
