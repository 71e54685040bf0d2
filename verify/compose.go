package verify

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/accesshook/accesshook/event"
)

// AllOf returns a [Verifier] that accepts what all of the verifiers accept. Its label
// joins theirs with " + ". It panics if one of them is nil.
func AllOf(first, second Verifier, more ...Verifier) Verifier {
	return allOf(nonNil(first, second, more))
}

// AnyOf returns a [Verifier] that accepts what at least one of the verifiers accepts.
// Its label is that of the first that does. It is as weak as the weakest of them: use
// it to move from one credential to another. It panics if one of them is nil.
func AnyOf(first, second Verifier, more ...Verifier) Verifier {
	return anyOf(nonNil(first, second, more))
}

func nonNil(first, second Verifier, more []Verifier) []Verifier {
	all := append([]Verifier{first, second}, more...)
	for i, v := range all {
		if v == nil {
			panic(fmt.Sprintf("verify: verifier %d is nil", i+1))
		}
	}
	return all
}

type allOf []Verifier

func (a allOf) Precheck(r *http.Request) error {
	for _, v := range a {
		if _, _, err := precheck(v, r); err != nil {
			return err
		}
	}
	return nil
}

func (a allOf) Verify(r *http.Request, body []byte) (credential string, err error) {
	credential, _, err = a.VerifyBody(r, body)
	return credential, err
}

func (a allOf) VerifyBody(r *http.Request, body []byte) (credential string, spans []Span, err error) {
	labels := make([]string, 0, len(a))
	for _, v := range a {
		label, err := v.Verify(r, body)
		if err != nil {
			return "", nil, err
		}
		labels = append(labels, label)
	}
	return strings.Join(labels, " + "), a.Credentials(body), nil
}

func (a allOf) Credentials(body []byte) []Span { return credentials(a, body) }

// credentials are what every verifier accepts, whether it was what the request was
// accepted by or not.
func credentials(vs []Verifier, body []byte) []Span {
	var spans []Span
	for _, v := range vs {
		if b, ok := v.(BodyVerifier); ok {
			spans = append(spans, b.Credentials(body)...)
		}
	}
	return apart(spans)
}

func (a allOf) Challenge() string { return firstChallenge(a) }

type anyOf []Verifier

func (a anyOf) Precheck(r *http.Request) error {
	var errs []error
	for _, v := range a {
		_, _, err := precheck(v, r)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return noneOf(errs)
}

func (a anyOf) Verify(r *http.Request, body []byte) (credential string, err error) {
	var errs []error
	for _, v := range a {
		credential, err := v.Verify(r, body)
		if err == nil {
			return credential, nil
		}
		errs = append(errs, err)
	}
	return "", noneOf(errs)
}

// noneOf joins the errors of verifiers that all refused. A verifier that could not
// tell might have accepted, so the sender should try again.
func noneOf(errs []error) error {
	for _, err := range errs {
		if _, ok := event.IsUnavailable(err); ok {
			return err
		}
	}
	return errors.Join(errs...)
}

func (a anyOf) VerifyBody(r *http.Request, body []byte) (credential string, spans []Span, err error) {
	if credential, err = a.Verify(r, body); err != nil {
		return "", nil, err
	}
	return credential, a.Credentials(body), nil
}

func (a anyOf) Credentials(body []byte) []Span { return credentials(a, body) }

func (a anyOf) Challenge() string { return firstChallenge(a) }

func firstChallenge(vs []Verifier) string {
	for _, v := range vs {
		if c := challenge(v); c != "" {
			return c
		}
	}
	return ""
}
