package firewalltest

// Case is a request with what has to become of it.
type Case struct {
	Name string
	Request
	Want Verdict
}

// Cases are requests with what the rules of every stack file do with them: which rule,
// of which priority, answers with what. Lists and limits are those of the stack files:
// 2,000 requests in five minutes over all, 500 on the payment paths.
func Cases() []Case {
	return []Case{
		{"plain payment", Request{Path: "/payments/1"}, Verdict{}},
		{"unknown path", Request{Path: "/nowhere"}, Verdict{}},

		{"refused network", Request{Path: "/payments", Lists: []string{"deny"}}, Verdict{Rule: "deny", Priority: 0, Status: 403}},
		{"refused network with an attack", Request{Path: "/payments", Lists: []string{"deny"}, Holds: []string{"SQLi_BODY"}}, Verdict{Rule: "deny", Priority: 0, Status: 403}},

		{"address of bad repute", Request{Path: "/payments", Holds: []string{"AWSManagedIPReputationList"}}, Verdict{Rule: "ip-reputation", Priority: 10, Status: 403}},
		{"address that scouts", Request{Path: "/", Holds: []string{"AWSManagedReconnaissanceList"}}, Verdict{Rule: "ip-reputation", Priority: 10, Status: 403}},
		{"partner of bad repute", Request{Path: "/payments", Lists: []string{"allow"}, Holds: []string{"AWSManagedIPReputationList"}}, Verdict{}},

		{"at the limit", Request{Path: "/reports", Sent: 2000}, Verdict{}},
		{"flood", Request{Path: "/reports", Sent: 2001}, Verdict{Rule: "rate", Priority: 20, Status: 429}},
		{"flood of a partner", Request{Path: "/reports", Lists: []string{"allow"}, Sent: 9999}, Verdict{}},
		{"at the limit of payments", Request{Path: "/payments", Sent: 500}, Verdict{}},
		{"too many payments", Request{Path: "/payments", Sent: 501}, Verdict{Rule: "payment-rate", Priority: 30, Status: 429}},
		{"too many transactions", Request{Path: "/transactions/7/refund", Sent: 501}, Verdict{Rule: "payment-rate", Priority: 30, Status: 429}},
		{"as many reports", Request{Path: "/reports/2026", Sent: 501}, Verdict{}},
		{"a path that only begins alike", Request{Path: "/paymentsx", Sent: 501}, Verdict{}},
		{"a partner's payments", Request{Path: "/payments", Lists: []string{"allow"}, Sent: 501}, Verdict{}},
		{"flood of payments", Request{Path: "/payments", Sent: 2001}, Verdict{Rule: "rate", Priority: 20, Status: 429}},

		{"Log4j in a header", Request{Path: "/payments", Holds: []string{"Log4JRCE_HEADER"}}, Verdict{Rule: "known-bad-inputs", Priority: 40, Status: 403}},
		{"Log4j in the body", Request{Path: "/reports", Holds: []string{"Log4JRCE_BODY"}}, Verdict{Rule: "known-bad-inputs", Priority: 40, Status: 403}},
		{"localhost for a host", Request{Path: "/", Holds: []string{"Host_localhost_HEADER"}}, Verdict{Rule: "known-bad-inputs", Priority: 40, Status: 403}},
		{"PROPFIND", Request{Path: "/", Holds: []string{"PROPFIND_METHOD"}}, Verdict{Rule: "known-bad-inputs", Priority: 40, Status: 403}},
		{"path of a known hole", Request{Path: "/web-inf", Holds: []string{"ExploitablePaths_URIPATH"}}, Verdict{Rule: "known-bad-inputs", Priority: 40, Status: 403}},
		{"a partner's Log4j", Request{Path: "/payments", Lists: []string{"allow"}, Holds: []string{"Log4JRCE_HEADER"}}, Verdict{Rule: "known-bad-inputs", Priority: 40, Status: 403}},

		{"script in the query", Request{Path: "/payments", Holds: []string{"CrossSiteScripting_QUERYARGUMENTS"}}, Verdict{Rule: "common", Priority: 50, Status: 403}},
		{"script in the body", Request{Path: "/payments", Holds: []string{"CrossSiteScripting_BODY"}}, Verdict{Rule: "common", Priority: 50, Status: 403}},
		{"script in a cookie", Request{Path: "/payments", Holds: []string{"CrossSiteScripting_COOKIE"}}, Verdict{Rule: "common", Priority: 50, Status: 403}},
		{"script in the path", Request{Path: "/<script>", Holds: []string{"CrossSiteScripting_URIPATH"}}, Verdict{Rule: "common", Priority: 50, Status: 403}},
		{"file of the server", Request{Path: "/../etc", Holds: []string{"GenericLFI_URIPATH"}}, Verdict{Rule: "common", Priority: 50, Status: 403}},
		{"no user agent", Request{Path: "/payments", Holds: []string{"NoUserAgent_HEADER"}}, Verdict{Rule: "common", Priority: 50, Status: 403}},
		{"query that is too long", Request{Path: "/payments", Holds: []string{"SizeRestrictions_QUERYSTRING"}}, Verdict{Rule: "common", Priority: 50, Status: 403}},

		{"injection in the query", Request{Path: "/payments", Holds: []string{"SQLi_QUERYARGUMENTS"}}, Verdict{Rule: "sqli", Priority: 60, Status: 403}},
		{"injection in the body", Request{Path: "/payments", Holds: []string{"SQLi_BODY"}}, Verdict{Rule: "sqli", Priority: 60, Status: 403}},
		{"injection in a cookie", Request{Path: "/payments", Holds: []string{"SQLi_COOKIE"}}, Verdict{Rule: "sqli", Priority: 60, Status: 403}},
		{"injection in a header", Request{Path: "/payments", Holds: []string{"SQLiExtendedPatterns_HEADER"}}, Verdict{Rule: "sqli", Priority: 60, Status: 403}},
		{"a partner's injection", Request{Path: "/payments", Lists: []string{"allow"}, Holds: []string{"SQLi_BODY"}}, Verdict{Rule: "sqli", Priority: 60, Status: 403}},
		{"injection in an upload", Request{Path: "/reports/uploads/1", Holds: []string{"SizeRestrictions_BODY", "SQLi_BODY"}}, Verdict{Rule: "sqli", Priority: 60, Status: 403, Counted: []string{"SizeRestrictions_BODY"}}},

		{"body over 8 KB", Request{Path: "/payments", Holds: []string{"SizeRestrictions_BODY"}}, Verdict{Rule: "body-size", Priority: 70, Status: 413, Counted: []string{"SizeRestrictions_BODY"}}},
		{"body over 8 KB to nowhere", Request{Path: "/", Holds: []string{"SizeRestrictions_BODY"}}, Verdict{Rule: "body-size", Priority: 70, Status: 413, Counted: []string{"SizeRestrictions_BODY"}}},
		{"upload over 8 KB", Request{Path: "/reports/uploads/1", Holds: []string{"SizeRestrictions_BODY"}}, Verdict{Counted: []string{"SizeRestrictions_BODY"}}},
		{"a path that only ends like an upload", Request{Path: "/payments/reports/uploads", Holds: []string{"SizeRestrictions_BODY"}}, Verdict{Rule: "body-size", Priority: 70, Status: 413, Counted: []string{"SizeRestrictions_BODY"}}},
	}
}
