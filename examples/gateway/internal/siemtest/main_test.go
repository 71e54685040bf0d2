//go:build unix

package siemtest

import (
	"fmt"
	"os"
	"testing"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

func TestMain(m *testing.M) {
	if os.Getenv("ACCESSHOOK_SIEM") != "on" {
		fmt.Println("the tests with VictoriaLogs and rsyslog have a step of their own: ACCESSHOOK_SIEM=on")
		return
	}
	os.Exit(gatewaytest.Main(m))
}
