package data_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/cutover/cutover/projects/data/data"
	"github.com/cutover/cutover/shared/config"
	"github.com/cutover/cutover/shared/pulumitest"
)

func withClones(t *testing.T, stack, clones string) *pulumitest.Recording {
	t.Helper()
	opts := options(t, stack)
	opts.Config = map[string]string{"data:clones": clones}
	return pulumitest.MustRun(t, opts, data.Program)
}

// A clone has every control of the database that it takes over from: its own colour's
// key, subnets, groups, protection, backups and logs, and a master password of its own.
func TestACloneIsGuardedAsTheDatabaseIs(t *testing.T) {
	recording := withClones(t, "prod", `{"blue": 0, "green": 1}`)
	made, clone := recording.Find(t, clusterType, "green-database"), recording.Find(t, clusterType, "green-database-clone-1")
	assert.True(t, clone.Protect)
	assert.Equal(t, map[string]any{
		"sourceClusterIdentifier": "cutover-prod-blue-database", "restoreType": "copy-on-write", "useLatestRestorableTime": true,
	}, clone.Inputs["restoreToPointInTime"])
	assert.Equal(t, "cutover-prod-green-database-clone-1", clone.Inputs["clusterIdentifier"])
	assert.Equal(t, "cutover-prod-green-database-clone-1-final", clone.Inputs["finalSnapshotIdentifier"])
	for property, want := range made.Inputs {
		switch property {
		case "clusterIdentifier", "finalSnapshotIdentifier":
		case "databaseName", "masterUsername": // the source's: a change would replace the clone
			assert.NotContains(t, clone.Inputs, property)
		default:
			assert.Equal(t, want, clone.Inputs[property], property)
		}
	}
	assert.Equal(t, "security/greenDatabaseKeyArn", clone.Inputs["kmsKeyId"])
	assert.Equal(t, true, clone.Inputs["manageMasterUserPassword"])
	recording.Find(t, "aws:cloudwatch/logGroup:LogGroup", "green-database-clone-1")
	rotation := recording.Find(t, "aws:secretsmanager/secretRotation:SecretRotation", "green-database-clone-1-master")
	assert.Equal(t, "arn:aws:secretsmanager:us-east-1:123456789012:secret:green-database-clone-1", rotation.Inputs["secretId"])
	for _, number := range []string{"1", "2", "3"} {
		instance := recording.Find(t, instanceType, "green-database-clone-1-"+number)
		assert.True(t, instance.Protect)
		assert.Equal(t, "cutover-prod-green-database-clone-1-"+number, instance.Inputs["identifier"])
		assert.Equal(t, "green-database-clone-1-id", instance.Inputs["clusterIdentifier"])
	}
}

// Whoever asks where the colour's database is finds the last clone, and the databases
// before it stay as they were.
func TestTheLastCloneIsTheDatabaseInUse(t *testing.T) {
	before, after := run(t, "prod"), withClones(t, "prod", `{"blue": 0, "green": 2}`)
	assert.Equal(t, "postgresql://green-database-clone-2.ro.mock.example:5433/payments?sslmode=verify-full", after.Exports["greenReaderUrl"])
	assert.Equal(t, "arn:aws:secretsmanager:us-east-1:123456789012:secret:green-database-clone-2", after.Exports["greenMasterSecretArn"])
	assert.Equal(t, before.Exports["blueReaderUrl"], after.Exports["blueReaderUrl"])
	assert.Equal(t, before.Exports["greenWriterName"], after.Exports["greenWriterName"], "the name for people stays")
	for _, r := range before.Resources {
		if r.Type != clusterType && r.Type != instanceType {
			continue
		}
		assert.Equal(t, r.Inputs, after.Find(t, r.Type, r.Name).Inputs, r.Name)
	}
	var names []string
	for _, r := range after.Resources {
		if r.Type == clusterType {
			names = append(names, r.Name)
		}
	}
	assert.ElementsMatch(t, []string{"blue-database", "green-database", "green-database-clone-1", "green-database-clone-2"}, names)
}

// The side that was left can be made anew from the one in use, whichever that is.
func TestAClonesSourceIsTheOtherColorsDatabaseInUse(t *testing.T) {
	recording := withClones(t, "staging", `{"blue": 1, "green": 3}`)
	for name, source := range map[string]string{
		"blue-database-clone-1": "cutover-staging-green-database-clone-3", "green-database-clone-3": "cutover-staging-blue-database-clone-1",
	} {
		assert.Equal(t, source, recording.Find(t, clusterType, name).Inputs["restoreToPointInTime"].(map[string]any)["sourceClusterIdentifier"], name)
	}
}

func TestWrongNumbersOfClonesAreRefused(t *testing.T) {
	for clones, want := range map[string]string{
		`{"blue": 0, "green": -1}`:            `data:clones.green is "-1": expected a number from 0, for the database that was made empty, to 9`,
		`{"blue": 10, "green": 0}`:            `data:clones.blue is "10": expected a number from 0`,
		`{"blue": 0}`:                         `data:clones.green is missing`,
		`{"blue": 0, "green": 0, "red": 1}`:   `data:clones.red is "1": expected no such key`,
		`{"blue": 0, "green": "the other's"}`: `data:clones.green`,
	} {
		opts := options(t, "local")
		opts.Config = map[string]string{"data:clones": clones}
		_, err := pulumitest.Run(t, opts, data.Program)
		var invalid *config.Invalid
		require.ErrorAs(t, err, &invalid, clones)
		require.ErrorContains(t, err, want)
	}
}
