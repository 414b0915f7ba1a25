// Package routingtest is the table of requests that the rules of a balancer have
// to send to the right service. Tests hold it against the rules that the layer
// registers and against those that AWS has. It knows no AWS API.
package routingtest

// Services of the catalogue; none is answered with 404.
const (
	payments  = "payment-api"
	processor = "transaction-processor"
	reporting = "reporting"
	none      = ""
)

// Case is a request target and the service that it ends at.
type Case struct {
	Request string
	// Want is the service for the path as it came, empty for 404.
	Want string
	// Normal is the service for the path in its normal form (routing.Normalised). AWS
	// does not say which of both a rule sees.
	Normal string
}

// as is a request whose normal form ends at the same service.
func as(request, want string) Case { return Case{Request: request, Want: want, Normal: want} }

// or is one whose normal form ends elsewhere.
func or(request, want, normal string) Case {
	return Case{Request: request, Want: want, Normal: normal}
}

// Cases is the table.
func Cases() []Case {
	return []Case{
		// What clients send.
		as("/payments", payments), as("/payments/", payments), as("/payments/1", payments), as("/payments/1/refund", payments),
		as("/payments/health", payments), as("/transactions", processor), as("/transactions/2026-11-22/7", processor),
		as("/transactions/health", processor), as("/reports", reporting), as("/reports/uploads/a.csv", reporting), as("/reports/health", reporting),
		// Queries take no part, whatever stands in them.
		as("/payments?from=/reports/", payments), as("/payments/?", payments), as("/reports/daily?path=/payments/1&x=%2Fpayments", reporting),
		as("/?/payments/1", none), as("/payments?a=b?c", payments),
		// Nothing before, beside or behind.
		as("/", none), as("", none), as("*", none), as("/health", none), as("/admin", none), as("/favicon.ico", none), as("/.git/config", none),
		as("payments/1", none), as("/v1/payments/1", none), as("/api/reports", none), as("/reporting", none),
		// Prefixes of one another.
		as("/payment", none), as("/payments2", none), as("/payments2/1", none), as("/payments-old/1", none), as("/payments.json", none),
		as("/payments;v=1", none), as("/payments;v=1/2", none), as("/transactions1", none), as("/report", none), as("/reports_", none),
		as("/payments/transactions/1", payments), as("/reports/payments/1", reporting), as("/transactions/reports/", processor),
		// Case counts.
		as("/Payments/1", none), as("/PAYMENTS", none), as("/payments/A", payments), as("/rEports/1", none),
		// Doubled slashes are no single ones.
		as("//payments/1", none), as("/payments//1", payments), as("///", none), as("/payments//", payments), as("//", none),
		// Encoded.
		as("/payments/%2e", payments), as("/payments%2F1", none), as("/payments%2f1", none), as("%2Fpayments/1", none), as("/payments/%00", payments),
		as("/payments/%E2%82%AC", payments), as("/payments%", none), as("/payments/%zz", payments), as("/payments%20/1", none), as("/pay%256dents/1", none),
		or("/pay%6dents/1", none, payments), or("/%70ayments", none, payments), as("/payments%2e/..", none),
		or("/transactions%2d1/../../transactions/1", none, processor),
		// Dots.
		as("/payments/.", payments), as("/payments/...", payments), as("/payments/.hidden", payments), as("/payments..", none),
		as("/payments/./1", payments), as("/payments/1/../2", payments), or("/../payments/1/..", none, payments),
		or("/payments/../reports/1", payments, reporting), or("/reports/../payments/1", reporting, payments), or("/payments/..", payments, none),
		or("/payments/%2e%2e/admin", payments, none), or("/./payments/1", none, payments), or("/x/../transactions/1", none, processor),
	}
}
