//go:build unix

package clustertest

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// patience is how long a test waits for what must come.
const patience = 90 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv("ACCESSHOOK_CLUSTER") != "on" {
		fmt.Println("the tests with a NATS cluster have a step of their own: ACCESSHOOK_CLUSTER=on")
		return
	}
	os.Exit(gatewaytest.Main(m))
}

// natsServer returns the path of a NATS server: that of a variable, or else a program in
// PATH.
func natsServer(t *testing.T, variable, program string) string {
	t.Helper()
	path, err := exec.LookPath(cmp.Or(os.Getenv(variable), program))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s: %v", variable, err)
		}
		t.Skipf("%s: %v", variable, err)
	}
	return path
}
