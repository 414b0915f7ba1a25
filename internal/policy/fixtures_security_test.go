package policy_test

func securityFixtures() []fixture { return nil }
