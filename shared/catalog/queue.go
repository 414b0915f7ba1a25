package catalog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cutover/cutover/shared/config"
)

// minStop and maxStop bound what AWS Fargate gives a task to stop, in seconds
// (Amazon ECS API reference, ContainerDefinition, stopTimeout).
const minStop, maxStop = 2, 120

// maxAttempts is the largest maxReceiveCount that SQS takes (Amazon SQS API
// reference, SetQueueAttributes); fewer than two would set a message aside
// because its task was stopped.
const minAttempts, maxAttempts = 2, 1000

// Queue is what a service takes its work from, one message at a time.
type Queue struct {
	// HandlingSeconds is the longest that one message takes, 1 to the service's
	// StopSeconds, so that a task that is told to stop ends the one it has.
	HandlingSeconds int `config:"handlingSeconds"`
	// Attempts is how often a message is handed out before it goes to the dead
	// letters, 2 to 1000.
	Attempts int `config:"attempts"`
}

// VisibilitySeconds is how long a message that was handed out stays hidden from
// others: until the task that has it either ended it or was killed, also when it
// was told to stop at the last moment. It is 0 for a service without a queue.
func (s Service) VisibilitySeconds() int {
	if s.Queue == nil {
		return 0
	}
	return s.Queue.HandlingSeconds + s.StopSeconds
}

// Find returns the service of a name.
func (c Catalog) Find(name string) (Service, bool) {
	at := slices.IndexFunc(c.Services, func(s Service) bool { return s.Name == name })
	if at < 0 {
		return Service{}, false
	}
	return c.Services[at], true
}

// Queues lists the services that have a queue, in the order of the file.
func (c Catalog) Queues() []string {
	var names []string
	for _, s := range c.Services {
		if s.Queue != nil {
			names = append(names, s.Name)
		}
	}
	return names
}

// validateMessages checks who takes messages from whom: a queue has a sender,
// and whoever sends has a queue to send to.
func (c Catalog) validateMessages(p *config.Problems, at string, s Service) {
	if s.Queue != nil {
		p.Check(s.Queue.HandlingSeconds >= 1 && s.Queue.HandlingSeconds <= s.StopSeconds, at+".queue.handlingSeconds", s.Queue.HandlingSeconds,
			fmt.Sprintf("1 to %d seconds, what a task gets to stop", s.StopSeconds))
		p.Check(s.Queue.Attempts >= minAttempts && s.Queue.Attempts <= maxAttempts, at+".queue.attempts", s.Queue.Attempts,
			fmt.Sprintf("a number from %d to %d", minAttempts, maxAttempts))
		fed := slices.ContainsFunc(c.Services, func(from Service) bool { return slices.Contains(from.SendsTo, s.Name) })
		p.Check(fed, at+".queue", s.Name, "a queue that a service names under sendsTo")
	}
	for i, receiver := range s.SendsTo {
		key := fmt.Sprintf("%s.sendsTo[%d]", at, i)
		p.Check(slices.Contains(c.Queues(), receiver), key, receiver, "a service with a queue: "+strings.Join(c.Queues(), ", "))
		p.Check(receiver != s.Name, key, receiver, "another service than itself")
		p.Check(!slices.Contains(s.SendsTo[:i], receiver), key, receiver, "each service once")
	}
}
