package sink_test

import (
	"os"
	"testing"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

func TestMain(m *testing.M) { os.Exit(gatewaytest.Main(m)) }
