// Package clustertest tests the gateway on a cluster of three NATS servers, all of them
// processes of their own: two gateways take events while servers are killed, stopped and
// cut off. It has tests only.
//
//	GOBIN=DIR go install github.com/nats-io/nats-server/v2@v2.15.2
//	ACCESSHOOK_CLUSTER=on ACCESSHOOK_NATS_SERVER=DIR/nats-server go test -v -parallel 2 ./examples/gateway/internal/store/clustertest
//
// ACCESSHOOK_NATS_SERVER names the server; without it, nats-server is looked up in PATH.
// Without a server the tests are skipped, but fail where CI is set. Without
// ACCESSHOOK_CLUSTER=on all are left out: they take minutes. With -artifacts, the logs of
// all processes and the senders' records stay in the folder that it prints.
//
// Each test prints what became of the events: how many were answered 200, were lost
// (answered 200 and never printed), were printed twice, and the longest time in which a
// gateway answered no request with 200.
package clustertest
