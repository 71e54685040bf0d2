// Package durable stores events before the vendor is answered, and runs the
// callbacks from the store: what was answered 200 does not depend on a process
// staying alive. It stands on NATS JetStream.
//
// A [Store] is an event.Handler: give it to the Handler of an endpoint in the
// place of the callbacks, and give the callbacks to [Store.Run]. [Connect] keeps
// the store on a NATS cluster that others run; package
// [github.com/accesshook/accesshook/event/durable/embedded] keeps it in a
// directory, in this process, with nothing to install.
//
// # What 200 means
//
//	embedded                          on the disk of this machine, synced: survives kill -9 and power failure
//	Connect, R1, sync_always          on the disk of one server, synced
//	Connect, R1                       in the memory of one server, on its disk within sync_interval (2 minutes by default)
//	Connect, R3, sync_always          on the disks of two servers of three, synced
//	Connect, R3                       in the memory of two servers of three: survives the loss of one server, not a
//	                                  power failure of all
//	Connect, R5                       as R3, with three servers of five: survives the loss of two
//
// sync_always is a setting of the NATS servers. What the store does not have is
// answered 503 and never 200: it cannot be reached or does not answer in time
// ([ErrNoAnswer]), is full of events that no callback has finished ([ErrFull]),
// or has too many on their way to it ([ErrBusy]). After a 503 for want of an
// answer the event may have been stored nevertheless.
//
// # What can come twice
//
// A callback is called at least once. It is called again if it fails, if the
// process dies before the store knows that it was done (the last tenth of a
// second at a crash, for the store notes what is done less often than it stores),
// or if it runs on after its lease was lost. An event that the vendor sends again
// is stored once, for as long as Config.DedupeWindow after the first time. Two events
// are the same if Vendor, Source (the name of the endpoint) and Event.ID are equal,
// whichever credential of the endpoint verified them: rotating secrets lets no
// recorded request in again. Owners who do not trust each other need endpoints with
// different names. With Config.Order, an event that names another user or lock the
// second time may be stored once more, since that decides in which shard it is.
//
// # From embedded to a cluster
//
// The line that opens the store is all that differs. Give the endpoints the new
// store, and go on with Run of the old one until its [Stats] show nothing pending
// or active and no dead letters. With an Order, begin Run of the new store only then:
// two at once would handle two events of one user or lock at once. A duplicate of
// what the old store has is stored once more by the new one, and what the old one has
// finished stays there: [Store.Replay] of the new one does not have it.
//
// # Order
//
// Without Config.Order there is none. With it, the events of one user or one
// lock are handled one after another, in the order in which they were stored,
// over all processes: one event of a shard at a time. Events without a user or a lock
// are in no order. An event that fails holds
// up its shard until it has succeeded or is a dead letter. A callback that runs on
// after its lease was lost (it ignores its deadline, or its process is cut off from
// the servers) can overlap with the events after it. A dead letter that is run
// again is out of order.
//
// # What fails
//
// A callback that returns an error is called again, later and later, up to
// Consumer.MaxAttempts; then the event goes to the dead letters with the last
// error. One that returns event.Permanent goes there at once, and so does an
// event that cannot be decoded, and one that kills its process each time.
// [Store.DeadLetters] lists them; they can be run again or dropped. Nothing else
// deletes an event that no callback has finished.
//
// # What is stored
//
// Each event is a message under the subject accesshook.<vendor>.<type> in one of
// the streams accesshook-0, accesshook-1, …: the JSON of package cloudevent,
// which any NATS client can read, with the headers [HeaderSchema] and
// [HeaderCredential]. Secrets are masked. With Config.KeepRaw the body lies beside
// it, sealed, and a callback gets Raw and the payload's secrets back.
//
// # Measured
//
// A gateway with an embedded store was killed 200 times with SIGKILL at random
// moments while 32 connections sent to it: of 462,929 events answered 200 none was
// lost, and 4,569 came more than once; 3,694 had been sent again after a failure.
// On two cores and a disk with an fsync of 0.2 ms it stores some 3,000 events a
// second from one sender, 6,600 from 8 and 7,900 from 64. That is 0.90, 0.94 and 0.91
// of what the engine itself does with as many bytes (BenchmarkStore, medians of
// three runs).
//
// Who may publish to the streams of a cluster decides what the callbacks see,
// and who may read them sees personal data: give both to nobody else.
package durable
