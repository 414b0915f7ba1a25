"""ACM: the kind of key that was asked for."""

from __future__ import annotations

from typing import Any

from moto.acm.models import CertBundle
from moto.acm.responses import AWSCertificateManagerResponse
from moto.core.responses import ActionResult

from cutover_emulator.patching import replace


def key_algorithm() -> None:
    """A certificate is described with the key algorithm that was requested.

    The provider replaces a certificate of another algorithm. moto makes and
    describes RSA_2048 whatever is asked for; the key itself stays one here. Seen in
    moto 5.2.5.
    """
    request = AWSCertificateManagerResponse.request_certificate
    describe = CertBundle.describe

    def request_certificate(self: Any) -> ActionResult:
        answer = request(self)
        made = self.acm_backend.get_certificate(answer.result["CertificateArn"])
        made.requested_key_algorithm = self._get_param("KeyAlgorithm")
        return answer

    def describe_requested(self: Any) -> dict[str, Any]:
        answer = describe(self)
        requested = getattr(self, "requested_key_algorithm", None)
        if requested:
            answer["Certificate"]["KeyAlgorithm"] = requested
        return answer

    replace(AWSCertificateManagerResponse, "request_certificate", request_certificate)
    replace(CertBundle, "describe", describe_requested)


GAPS = [key_algorithm]
