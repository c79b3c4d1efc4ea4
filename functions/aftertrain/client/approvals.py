"""`client.approvals`."""

from aftertrain.client.models import Approval
from aftertrain.client.transport import Transport


class Approvals:
    """Questions that steps ask people, and their answers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> "list[Approval]":
        """List the open questions."""
        return [Approval.model_validate(item) for item in self._transport.call("GET", "/v1/approvals")]

    def approve(self, approval_id: str, *, by: str = "", comment: str = "") -> Approval:
        """Approve. Raises: ApiError if it was answered before, or its execution has ended."""
        return self._decide(approval_id, approve=True, by=by, comment=comment)

    def reject(self, approval_id: str, *, by: str = "", comment: str = "") -> Approval:
        """Reject, which fails the step. Raises: as `approve` does."""
        return self._decide(approval_id, approve=False, by=by, comment=comment)

    def _decide(self, approval_id: str, *, approve: bool, by: str, comment: str) -> Approval:
        body = {"approve": approve, "by": by, "comment": comment}
        return Approval.model_validate(self._transport.call("POST", f"/v1/approvals/{approval_id}", None, body))
