package remote

import (
	"errors"

	"github.com/aws/smithy-go"

	"github.com/cutover/cutover/shared/ops/fault"
)

// refused gives an error of AWS the exit status and the way on that an operator
// needs: a right that is missing, a function or machine that is not there, one that
// is busy. Any other error stays as it is.
func refused(err error) error {
	var answer smithy.APIError
	if !errors.As(err, &answer) {
		return err
	}
	switch answer.ErrorCode() {
	case "AccessDeniedException", "AccessDenied", "UnrecognizedClientException", "ExpiredTokenException", "InvalidSignatureException":
		return fault.New(fault.Credentials, "%w", err).WithHint("take the operator's role (output operatorRoleArn of security), then the same command again")
	case "ResourceNotFoundException", "StateMachineDoesNotExist", "NoSuchBucket":
		return fault.New(fault.NoStack, "%w", err).WithHint("go tool mage deploy:migration, then the same command again")
	case "TooManyRequestsException", "ExecutionLimitExceeded":
		return fault.New(fault.Locked, "%w", err).WithHint("somebody else is being served: the same command again")
	}
	return err
}
