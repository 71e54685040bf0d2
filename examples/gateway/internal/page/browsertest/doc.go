// Package browsertest tests the live page in a real browser: Debian's chromium, which
// speaks to a server on loopback. It has tests only.
//
//	apt-get install chromium
//	npm install --prefix DIR axe-core@4.14.1
//	ACCESSHOOK_AXE=DIR/node_modules/axe-core/axe.min.js ACCESSHOOK_SCREENSHOTS=DIR go test -v ./examples/gateway/internal/page/browsertest
//
// Without the variables, the tests that need them are skipped, as all are without
// chromium. Where CI is set, that is a failure. ACCESSHOOK_BROWSER=off leaves all out, for
// runs beside which they have one of their own.
package browsertest
