package policy_test

func securityMutations() []mutation {
	return nil
}
