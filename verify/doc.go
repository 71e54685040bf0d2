// Package verify receives webhooks: it checks who sent a request, decodes it, and
// passes it on as an [event.Event]. New of each vendor package returns an [Endpoint]:
//
//	hook, err := relock.New(relock.Config{
//		Secrets: event.Secrets(os.Getenv("RELOCK_WEBHOOK_SECRET")),
//		Endpoint: verify.Config{
//			ClientIP:  verify.XForwardedFor("10.0.0.0/16"), // leave it out without a proxy in front
//			RateLimit: verify.RateLimit{Requests: 100},     // failures of one client in 15 minutes
//			Wrap:      []func(event.Handler) event.Handler{event.Dedupe(event.DedupeConfig{})},
//		},
//	})
//	…
//	mux.Handle("/webhooks/relock", hook.Handler(events))
//
// In place of Handler, use [Endpoint.Middleware] around an http.Handler of your own,
// [Endpoint.Process] in a function service, and [Endpoint.Receive] with
// [Endpoint.Respond] in another framework. [Config] says what can be set.
//
// A vendor of your own is a [Definition] with a verifier of this package ([NewSigned],
// [NewBasicAuth], [NewBearer], [NewBodyID]) or of your own. Its decoder reads the body
// with [Unmarshal]. Package verifytest tests the result. See the example of
// [NewEndpoint].
//
// # The way of a request
//
// The steps, and what a request is answered that fails one:
//
//	method          405
//	client address  403; 429 with RateLimit.EveryRequest
//	headers         415 with a content encoding; 401 without a credential
//	body            413 too large; 408 too slow; 400 broken off; 503 too many large ones
//	credential      401; 429 over the RateLimit
//	JSON            400
//	age             401 outside MaxAge and MaxFuture
//	callback        200; 503 for event.Unavailable; 500 for any other error or a panic
//
// Only verified requests reach a callback. One whose body cannot be decoded does too,
// before it is answered 400. See [Status].
//
// # What it protects against, and what it does not
//
// A request is accepted only if its credential is right. No configuration turns that
// off, and a zero Endpoint refuses everything. The size and the read time of a body are
// limited before the request is authenticated. Comparisons take the same time whether
// they match or not. Responses never say why a request was refused.
//
// A verifier tells who sent a body, not when, unless the vendor signs a timestamp
// ([SignedConfig]). None of the four vendors does, so a recorded request can be sent
// again and is accepted again. Drop duplicates with event.Dedupe where that matters.
//
// Configure TLS on the server. Without it everybody on the way reads the bodies and
// the credentials that travel with them (UserLock, Basic, Bearer).
//
// Constructors refuse keys and tokens of fewer than 16 bytes: anyone who captures one
// signed request can brute-force a short key offline. They cannot tell whether a longer
// one is random.
//
// # Which policies to set
//
// Some fields of [Config] depend on where the service runs. They are off until they are
// set:
//
//   - ClientIP, if there is a proxy in front. Without it everybody has the proxy's
//     address: AllowFrom lets in all or none, and all share one rate. [ClientIP] has the
//     calls for nginx, Caddy, Cloudflare and AWS.
//   - AllowFrom, if the vendor's addresses are known. Try the list as AllowFromReport
//     first: most vendors never send again what a wrong list refuses. It does not prove
//     who sent a request.
//   - RateLimit, to limit how often a client may fail. Requests: 100 is a good start,
//     and refuses no genuine request. [RateLimit] says what EveryRequest saves, and what
//     it can cost.
//   - MaxAge: leave it zero unless the vendor is known never to be late.
package verify
