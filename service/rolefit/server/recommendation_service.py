"""RecommendationService over an engine."""

from collections.abc import Sequence

import grpc

from rolefit.engine.changes import Limits
from rolefit.engine.observation import Observations
from rolefit.engine.reaching import MOST_CHANGES, Goal
from rolefit.engine.wire import nested, tag
from rolefit.server import errors
from rolefit.server.call import Call
from rolefit.server.snapshot import Decision, DecisionWatcher, Snapshot, Snapshots
from rolefit.server.unary_call import Method, UnaryCalls
from rolefit.server.validation import ProfileRequest, violations
from rolefit.v1 import recommendation_service_pb2
from rolefit.v1.change_pb2 import CHANGE_GOAL_OPEN
from rolefit.v1.field_change_pb2 import EFFORT_YEARS, Effort
from rolefit.v1.path_pb2 import Path
from rolefit.v1.recommendation_service_pb2 import (
    CompareProfilesRequest,
    CompareProfilesResponse,
    FindChangesRequest,
    FindChangesResponse,
    PrepareRequest,
    PrepareResponse,
    RecommendRequest,
    RecommendResponse,
    View,
)

_STANDARD, _VIEWS = View.VIEW_STANDARD, frozenset(View.values())
_RESPONSE = RecommendResponse.DESCRIPTOR.fields_by_name
_RECOMMENDATION, _DECISION_ID = tag(_RESPONSE["recommendation"]), tag(_RESPONSE["decision_id"])

SERVICE = recommendation_service_pb2.DESCRIPTOR.services_by_name[
    "RecommendationService"
].full_name


def validate(request: ProfileRequest) -> None:
    """Check every field.

    Raises:
        CallError: Some field is bad; all of them are named.
    """
    bad = violations(request)
    if bad:
        raise errors.invalid_fields(bad)


class RecommendationService:
    """The service, over snapshots that it does not own.

    Args:
        snapshots: The rule sets to decide by.
        watchers: Told of every answer to Recommend.

    Attributes:
        methods: Its methods by name.
    """

    def __init__(self, snapshots: Snapshots, watchers: Sequence[DecisionWatcher] = ()) -> None:
        self._snapshots = snapshots
        self._watchers = tuple(watchers)
        table = (
            Method("Recommend", RecommendRequest, self.recommend),
            Method("Prepare", PrepareRequest, self.prepare),
            Method("CompareProfiles", CompareProfilesRequest, self.compare_profiles),
            Method("FindChanges", FindChangesRequest, self.find_changes),
        )
        self.methods = {method.name: method for method in table}

    def handler(self, calls: UnaryCalls) -> grpc.GenericRpcHandler:
        """Return what a gRPC server registers."""
        return calls.handler(SERVICE, self.methods.values())

    def recommend(self, request: RecommendRequest, call: Call) -> bytes:
        """Check a request and answer it.

        Raises:
            CallError: Some field is bad; all of them are named. Or the rule set asked for
                is not held.
        """
        if request.HasField("ruleset_digest"):
            validate(request)
        snapshot = self._snapshots.named(request.ruleset_digest)
        observations = snapshot.engine.recall(request.profile)
        # Where every value of the profile was found good before, the rest is soon checked.
        rest_is_good = request.view in _VIEWS and request.HasField("profile")
        if observations is None or not rest_is_good:
            validate(request)
            observations = snapshot.engine.observe(request.profile)
        return self.decide(snapshot, observations, request.view, call)

    def decide(
        self, snapshot: Snapshot, observations: Observations, view: View.ValueType, call: Call
    ) -> bytes:
        """Ask the engine about a valid profile; return a serialised RecommendResponse."""
        answer = snapshot.engine.answer(observations, view or _STANDARD)
        for watcher in self._watchers:
            watcher.decided(Decision(call, snapshot, answer))
        recommendation = nested(_RECOMMENDATION, (answer.body,))
        decision_id = nested(_DECISION_ID, (call.id.encode(),))
        return recommendation + snapshot.signature + decision_id

    def prepare(self, request: PrepareRequest, call: Call) -> PrepareResponse:
        """Check a request and say what to prepare.

        Raises:
            CallError: Some field is bad; all of them are named. Or the rule set asked for
                is not held.
        """
        validate(request)
        snapshot = self._snapshots.named(request.ruleset_digest)
        paths = [Path.Name(path).removeprefix("PATH_") for path in dict.fromkeys(request.paths)]
        prepared = snapshot.engine.prepare(request.profile, paths)
        return PrepareResponse(
            recommended_path=Path.Value(f"PATH_{prepared.path}"),
            preparations=prepared.preparations,
            ruleset=snapshot.ruleset,
            decision_id=call.id,
        )

    def compare_profiles(
        self, request: CompareProfilesRequest, call: Call
    ) -> CompareProfilesResponse:
        """Check a request and compare its profiles.

        Raises:
            CallError: Some field is bad; all of them are named. Or the rule set asked for
                is not held.
        """
        validate(request)
        snapshot = self._snapshots.named(request.ruleset_digest)
        view = request.view or recommendation_service_pb2.VIEW_STANDARD
        return CompareProfilesResponse(
            comparison=snapshot.engine.compare(request.a, request.b, view),
            ruleset=snapshot.ruleset,
            decision_id=call.id,
        )

    def find_changes(self, request: FindChangesRequest, call: Call) -> FindChangesResponse:
        """Check a request and look for changes.

        Raises:
            CallError: Some field is bad; all of them are named. Or the rule set asked for
                is not held.
        """
        validate(request)
        snapshot = self._snapshots.named(request.ruleset_digest)
        reached = snapshot.engine.find_changes(request.profile, _goal(request))
        return FindChangesResponse(
            current_path=Path.Value(f"PATH_{reached.path}"),
            outcome=reached.outcome,
            changes=reached.changes,
            headline=reached.headline,
            ruleset=snapshot.ruleset,
            decision_id=call.id,
        )


def _goal(request: FindChangesRequest) -> Goal:
    given = request.limits
    limits = Limits(
        max_fields=given.max_fields if given.HasField("max_fields") else None,
        max_effort=Effort.Name(given.max_effort or EFFORT_YEARS).removeprefix("EFFORT_"),
        keep=frozenset(given.keep),
        wishes_may_change=given.wishes_may_change,
    )
    return Goal(
        path=Path.Name(request.target_path).removeprefix("PATH_"),
        to_open=request.goal == CHANGE_GOAL_OPEN,
        limits=limits,
        most=given.max_changes if given.HasField("max_changes") else MOST_CHANGES,
    )
