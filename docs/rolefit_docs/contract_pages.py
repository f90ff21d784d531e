"""Pages about the contract: one for each service, one for each file of messages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolefit_docs.contract import PACKAGE, Enum, Field, Message, ProtoFile, Rpc, Service
from rolefit_docs.links import Kind, Linker, Links
from rolefit_docs.markdown import anchored, bullets, code, escaped, heading, page, table
from rolefit_docs.page import Page
from rolefit_docs.sources import Sources

_SERVING = "serving.md"

# Files of the contract that read best on one page, under the name of the first.
_PAGES = {
    "recommendation": ("The answer", ("recommendation", "evidence", "path")),
    "profile": ("The profile", ("profile",)),
    "preparation": ("Preparation", ("preparation",)),
    "comparison": ("Comparison", ("comparison",)),
    "catalogue": ("Catalogue", ("catalogue",)),
    "errors": ("Errors", ("errors",)),
    "constraints": ("Constraints", ("constraints",)),
}


def service_pages(sources: Sources) -> list[Page]:
    """A page for each service."""
    found = [
        ServicePage(sources, file, service)
        for file in sources.contract
        for service in file.services
    ]
    return sorted(found, key=lambda page: page.title == "CatalogueService")


def message_pages(sources: Sources) -> list[Page]:
    """A page for each topic of messages; a file that has none in the plan gets its own."""
    files = {file.name: file for file in sources.contract if not file.services}
    pages: list[Page] = []
    for name, (title, parts) in _PAGES.items():
        present = [files.pop(part) for part in parts if part in files]
        if present:
            pages.append(MessagesPage(sources, name, title, present))
    for name, file in files.items():
        pages.append(MessagesPage(sources, name, name.capitalize(), [file]))
    return pages


class _ContractPage(Page):
    def __init__(self, sources: Sources, uri: str, title: str, files: list[ProtoFile]):
        self.uri = uri
        self.title = title
        self._sources = sources
        self._files = files

    def register(self, links: Links) -> None:
        for file in self._files:
            for message in file.messages:
                links.add(Kind.SYMBOL, message.name, self.uri, message.name)
                for field in message.fields:
                    name = f"{message.name}.{field.name}"
                    links.add(Kind.SYMBOL, name, self.uri, name)
                    if name in self._sources.profile_paths:
                        path = self._sources.profile_paths[name]
                        links.add(Kind.PROFILE_FIELD, path, self.uri, name)
            for enum in file.enums:
                links.add(Kind.SYMBOL, enum.name, self.uri, enum.name)
                for value in enum.values:
                    links.add(Kind.SYMBOL, value.name, self.uri, value.name)

    def _message(self, linker: Linker, message: Message, level: int) -> str:
        rows = [
            (
                anchored(code(field.name), f"{message.name}.{field.name}"),
                f"{field.label} {linker.type(field.type)}".strip(),
                self._field_text(linker, message, field),
            )
            for field in message.fields
        ]
        return page(
            heading(level, message.name, message.name),
            *map(linker.prose, message.comment),
            table(("Field", "Type", "Meaning"), rows) if rows else "It has no fields.",
        )

    def _field_text(self, linker: Linker, message: Message, field: Field) -> str:
        parts = [*map(linker.prose, field.comment)]
        if field.limits:
            parts.append(f"Accepts: {escaped(field.limits)}.")
        path = self._sources.profile_paths.get(f"{message.name}.{field.name}")
        if path is not None:
            vocabulary = self._sources.ruleset.vocabulary
            question = escaped(vocabulary.words[path].question)
            order = vocabulary.ask_order
            rank = f" {order.index(path) + 1}" if path in order else ", never suggested"
            parts.append(f"Question{rank}: “{question}”")
        return "<br>".join(parts)

    @staticmethod
    def _enum(linker: Linker, enum: Enum, level: int) -> str:
        rows = [
            (
                anchored(code(value.name), value.name),
                str(value.number),
                " ".join(map(linker.prose, value.comment)),
            )
            for value in enum.values
        ]
        return page(
            heading(level, enum.name, enum.name),
            *map(linker.prose, enum.comment),
            table(("Value", "Number", "Meaning"), rows),
        )


class MessagesPage(_ContractPage):
    """The messages and enums of some files."""

    def __init__(self, sources: Sources, name: str, title: str, files: list[ProtoFile]):
        super().__init__(sources, f"reference/messages/{name}.md", title, files)

    def render(self, linker: Linker) -> str:
        """The page as Markdown."""
        sources = ", ".join(code(f"proto/rolefit/v1/{file.name}.proto") for file in self._files)
        return page(
            heading(1, self.title),
            f"From {sources}; package {code(PACKAGE)}.",
            *(
                self._message(linker, message, 2)
                for file in self._files
                for message in file.messages
            ),
            *(self._enum(linker, enum, 2) for file in self._files for enum in file.enums),
        )


class ServicePage(_ContractPage):
    """A service: its RPCs with their requests, responses and errors."""

    def __init__(self, sources: Sources, file: ProtoFile, service: Service):
        words = re.findall(r"[A-Z][a-z]+", service.name)
        uri = f"reference/{'-'.join(words).lower()}.md"
        super().__init__(sources, uri, service.name, [file])
        self._file = file
        self._service = service

    def register(self, links: Links) -> None:
        """Note the service and its RPCs beside the messages."""
        super().register(links)
        links.add(Kind.SYMBOL, self._service.name, self.uri, self._service.name)
        for rpc in self._service.rpcs:
            links.add(Kind.SYMBOL, rpc.name, self.uri, rpc.name)

    def render(self, linker: Linker) -> str:
        """The page as Markdown."""
        service = self._service
        rows = [
            (linker.to(Kind.SYMBOL, rpc.name), linker.prose(" ".join(rpc.comment[:1])))
            for rpc in service.rpcs
        ]
        used = {name for rpc in service.rpcs for name in (rpc.request, rpc.response)}
        others = [
            *(self._message(linker, m, 3) for m in self._file.messages if m.name not in used),
            *(self._enum(linker, enum, 3) for enum in self._file.enums),
        ]
        return page(
            heading(1, service.name, service.name),
            *map(linker.prose, service.comment),
            f"From {code(f'proto/rolefit/v1/{self._file.name}.proto')}. "
            f"The server has reflection, so {code('grpcurl')} needs no files.",
            table(("RPC", "What it does"), rows),
            *(self._rpc(linker, rpc) for rpc in service.rpcs),
            *([heading(2, "Types used above"), *others] if others else []),
        )

    def _rpc(self, linker: Linker, rpc: Rpc) -> str:
        about = [text for text in rpc.comment if not text.startswith("Errors")]
        said = [text for text in rpc.comment if text.startswith("Errors:")]
        return page(
            heading(2, rpc.name, rpc.name),
            *map(linker.prose, about),
            f"Method {code(f'{PACKAGE}.{self._service.name}/{rpc.name}')}; "
            f"request {linker.type(rpc.request)}, response {linker.type(rpc.response)}.",
            self._message(linker, self._sources.messages[rpc.request], 3),
            self._message(linker, self._sources.messages[rpc.response], 3),
            heading(3, "Errors", f"{rpc.name}-errors"),
            *map(linker.prose, said),
            bullets(self._errors(linker, rpc)),
        )

    def _errors(self, linker: Linker, rpc: Rpc) -> Iterator[str]:
        statuses = [
            ("ERROR_REASON_MALFORMED_MESSAGE", "INVALID_ARGUMENT"),
            ("ERROR_REASON_INVALID_FIELD", "INVALID_ARGUMENT"),
            ("ERROR_REASON_NOT_FOUND", "NOT_FOUND"),
            ("ERROR_REASON_OVERLOADED", "RESOURCE_EXHAUSTED"),
            ("ERROR_REASON_DEADLINE_PASSED", "DEADLINE_EXCEEDED"),
            ("ERROR_REASON_INTERNAL", "INTERNAL"),
        ]
        has_fields = bool(self._sources.messages[rpc.request].fields)
        looks_up = any("NOT_FOUND" in text for text in rpc.comment)
        reasons = {
            value.name: value.comment
            for file in self._sources.contract
            for enum in file.enums
            if enum.name == "ErrorReason"
            for value in enum.values
        }
        for reason, status in statuses:
            if reason == "ERROR_REASON_INVALID_FIELD" and not has_fields:
                continue
            if reason == "ERROR_REASON_NOT_FOUND" and not looks_up:
                continue
            label = code(reason.removeprefix("ERROR_REASON_"))
            meaning = linker.prose(" ".join(reasons[reason]))
            yield f"{code(status)}, {linker.to(Kind.SYMBOL, reason, label)}: {meaning}"
        yield f"What they carry: [Serving, errors]({linker.href(_SERVING, 'errors')})."
