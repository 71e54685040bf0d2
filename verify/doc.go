// Package verify answers one question: did this webhook come from whom it says
// it came from? It holds the verifiers ([NewSigned], [NewBasicAuth], [NewBearer],
// [NewBodyID], [AllOf], [AnyOf]) and the [Endpoint] that takes a request from
// the network to a verified [event.Event].
//
// Users of a vendor package get their Endpoint from that package's New and need
// little of this one beyond [Config]. Authors of a vendor package describe their
// vendor in a [Definition]; package verifytest checks the result.
//
// # What it protects against, and what it does not
//
// A request is accepted only if its credential is right: nothing in a
// configuration turns that off, and a zero Endpoint refuses everything. The body
// is bounded in size and in time before anybody is trusted, comparisons take the
// same time whether they match or not, and the sender never learns why it was
// refused.
//
// A verifier says who sent a body, not when, unless the vendor signs a timestamp
// ([SignedConfig]). None of the four vendors does, so a recorded request can be sent
// again and verifies again: de-duplicate with event.Dedupe where that matters. Bodies and credentials that
// travel in them (UserLock, Basic, Bearer) are only secret over TLS, which is
// the server's business. Constructors refuse a key or token of fewer than 16 bytes:
// anyone who captures one signed request can brute-force a short key offline.
//
// # Which policies
//
// Which of these is right depends on where the service stands, so each is a field
// of [Config] and off until it is set:
//
//   - ClientIP: which address a request comes from. Reached directly: leave it
//     nil. Behind proxies that append to X-Forwarded-For: [XForwardedFor] with the
//     addresses of all of them; to Forwarded: [Forwarded]; behind one that sets a
//     header of its own, over whatever the client sent: [TrustedHeader]. If there
//     is a proxy and ClientIP is nil, everybody has the proxy's address: AllowFrom
//     lets in all or none, and all share one rate. [ClientIP] says how to check the
//     choice.
//   - AllowFrom: who may send at all, where the vendor's addresses are known. Try
//     the list out as AllowFromReport first: events that a wrong list refuses are
//     mostly lost. It is no proof of who sent a request.
//   - RateLimit: how often a client may fail. Requests: 100 is a good start, and
//     refuses no genuine request. [RateLimit] says what EveryRequest spares, and
//     what it can cost.
//   - MaxAge: leave it zero unless the vendor is known never to be late.
package verify
