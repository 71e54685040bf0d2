// Package verify answers one question: did this webhook come from whom it says
// it came from? It holds the verifiers ([NewHMAC], [NewBasicAuth], [NewBearer],
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
// A verifier says who sent a body, not when. None of the four vendors signs a
// timestamp, so a recorded request can be sent again and verifies again:
// de-duplicate with event.Dedupe where that matters. Bodies and credentials that
// travel in them (UserLock, Basic, Bearer) are only secret over TLS, which is
// the server's business.
package verify
