package otlp_test

import (
	"context"
	"fmt"

	sdk "go.opentelemetry.io/otel/sdk/log"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/otlp"
)

// console stands for an exporter of the SDK, such as otlploghttp.
type console struct{}

func (console) Export(_ context.Context, records []sdk.Record) error {
	for _, r := range records {
		fmt.Println(r.EventName(), r.Severity())
	}
	return nil
}

func (console) Shutdown(context.Context) error   { return nil }
func (console) ForceFlush(context.Context) error { return nil }

// A service that has the SDK of OpenTelemetry gives its provider to Handler.
func ExampleHandler() {
	provider := sdk.NewLoggerProvider(sdk.WithProcessor(sdk.NewBatchProcessor(console{})))
	events := otlp.Handler(provider) // for hook.Handler, a Mux, a Queue

	err := events.HandleEvent(context.Background(), &event.Event{
		ID: "55f0b9", Vendor: "relock", Type: event.SecurityAlert, Severity: event.SeverityHigh,
	})
	if err != nil {
		fmt.Println(err)
	}
	if err := provider.Shutdown(context.Background()); err != nil { // which sends what waits
		fmt.Println(err)
	}
	// Output: accesshook.security.alert ERROR
}
