"""What the pages are written from, read once for each build."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rolefit.engine import load_ruleset
from rolefit.engine.catalogue_messages import CatalogueMessages
from rolefit.engine.ruleset import Ruleset
from rolefit_docs.contract import Message, ProtoFile, read_contract


@dataclass(frozen=True)
class Sources:
    """The contract, the rules, and the folder they come from."""

    root: Path
    contract: tuple[ProtoFile, ...]
    ruleset: Ruleset
    catalogue: CatalogueMessages

    @classmethod
    def read(cls, root: Path) -> Sources:
        """Read them.

        Args:
            root: The folder of the project.

        Raises:
            RulesetError: The rules cannot be used.
            RuntimeError: The contract does not compile.
        """
        ruleset = load_ruleset(root / "rules")
        return cls(root, read_contract(root / "proto"), ruleset, CatalogueMessages(ruleset))

    @cached_property
    def messages(self) -> dict[str, Message]:
        """Every message of the contract by name."""
        return {message.name: message for file in self.contract for message in file.messages}

    @cached_property
    def profile_paths(self) -> dict[str, str]:
        """Paths in CandidateProfile, such as `skills.areas`, by `Message.field`."""
        paths = {}
        profile = self.messages["CandidateProfile"]
        for field in profile.fields:
            if field.name in self.ruleset.vocabulary.fields:
                paths[f"{profile.name}.{field.name}"] = field.name
                continue
            for inner in self.messages[field.type].fields:
                paths[f"{field.type}.{inner.name}"] = f"{field.name}.{inner.name}"
        return paths

    def path_title(self, path: str) -> str:
        """What people call a path, with a capital: "ML engineer"."""
        label = self.ruleset.paths[path].label
        return label[:1].upper() + label[1:]
