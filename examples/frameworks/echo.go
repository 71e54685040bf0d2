package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func withEcho(hook *verify.Endpoint) http.Handler { return echoAround(hook, ownEcho) }

// echoAround puts the middleware between two Echos. echo.WrapMiddleware would call it too, but
// it answers the errors of your handler only when the middleware has returned. Config.Wrap
// and the log would take them for success, and Dedupe would drop the next delivery.
func echoAround(hook *verify.Endpoint, h echo.HandlerFunc) http.Handler {
	own := echo.New()
	own.Any("/webhooks/relock", h)

	e := echo.New()
	e.Any("/webhooks/relock", echo.WrapHandler(hook.Middleware(own)))
	return e
}

// ownEcho is your handler. It sees verified requests alone.
func ownEcho(c *echo.Context) error {
	e, _ := event.FromContext(c.Request().Context())
	body, err := io.ReadAll(c.Request().Body) // from the start
	if err != nil {
		return err
	}
	return c.String(http.StatusOK, fmt.Sprintf("%s in %d bytes", e.Type, len(body)))
}
