package main

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/verify"
)

func withGin(hook *verify.Endpoint) http.Handler { return ginAround(hook, ownGin) }

// ginAround puts the middleware between two Engines. A gin.HandlerFunc writes the status of its
// answer when all handlers have returned; the middleware must see it before it returns.
func ginAround(hook *verify.Endpoint, h gin.HandlerFunc) http.Handler {
	own := gin.New()
	own.Any("/webhooks/relock", h)

	r := gin.New()
	r.Any("/webhooks/relock", gin.WrapH(hook.Middleware(own)))
	return r
}

// ownGin is your handler. It sees verified requests alone.
func ownGin(c *gin.Context) {
	e, _ := event.FromContext(c.Request.Context())
	body, err := io.ReadAll(c.Request.Body) // from the start
	if err != nil {
		_ = c.AbortWithError(http.StatusInternalServerError, err)
		return
	}
	c.String(http.StatusOK, "%s in %d bytes", e.Type, len(body))
}
