// Package durable stores events before the vendor is answered, and calls the
// callbacks from the store. An event that was answered 200 is not lost when the
// process dies. The store is built on NATS JetStream.
//
// Most services need these lines:
//
//	store, err := embedded.Open(ctx, embedded.Config{Dir: "data", Config: durable.Config{
//		Payloads: cloudevent.Payloads{relock.Vendor: relock.Decode}, // how stored events are read back
//	}})
//	if err != nil {
//		return err
//	}
//	mux.Handle("/webhooks/relock", hook.Handler(store)) // answers 200 once the store has the event
//	return durable.Serve(ctx, server, store, events)    // calls the callbacks, stops in the right order
//
// A [Store] is an event.Handler: give it to the endpoints in the place of the
// callbacks. Package [github.com/accesshook/accesshook/event/durable/embedded] keeps a
// store in a directory of this process, with nothing to install. [Connect] keeps it on
// a NATS cluster. [Serve] runs the HTTP server and the callbacks; [Store.Run] runs the
// callbacks alone, and [Store.Consumer] says how they are called.
//
// # What 200 means
//
//	embedded       on the disk of this machine, synced: survives kill -9 and power failure
//	Connect, R1    in the memory of one server, on its disk within two minutes; at once with
//	               sync_interval: always
//	Connect, R3    in the memory of two servers of three, or synced to their disks with
//	               sync_interval: always
//	Connect, R5    as R3, with three servers of five
//
// R1, R3 and R5 are Config.Replicas. sync_interval is a setting of the NATS servers, in
// their jetstream block; [Config].RequireSync refuses servers without it. Without it, R3
// survives the loss of one server, and not the power failure of two, or of one while
// another is away: that loses the events of up to two minutes.
//
// What is lost is told: high-water marks say what each shard must have. See Stats.Missing
// and [Check].
//
// An event that was not stored is answered 503: the store cannot be reached or does not
// answer in time ([ErrNoAnswer]), is full of events that no consumer has acknowledged
// ([ErrFull]), or is storing too many at once ([ErrBusy]). After ErrNoAnswer the event
// may have been stored nevertheless.
//
// # What can come twice
//
// A callback is called at least once. It is called again if it fails, if the process
// dies before the store knows that it has finished (the last tenth of a second at a
// crash), or if it goes on after its lease has expired.
//
// An event that the vendor sends again is a duplicate, and is dropped, for as long as
// Config.DedupeWindow after the first time. Two events are the same if Vendor, Source
// (the name of the endpoint) and Event.ID are equal. The credential does not matter:
// rotating secrets lets no recorded request in again. Owners who do not trust each
// other need endpoints with different names.
//
// The log record of a duplicate has duplicate=true. A duplicate whose ID the vendor
// chose may have another content than the event that is stored. It is dropped as well,
// and the log says so once.
//
// With Config.Order, an event that names another user or lock the second time may be
// stored once more, since that decides in which shard it is.
//
// # Order
//
// Without Config.Order there is none. With it, the events of one user or one lock are
// handled one after another, in the order in which they were stored, over all
// processes. Events without a user or a lock are in no order. One event of a shard is
// handled at a time, so an event that fails blocks the later events of its shard until
// it has succeeded or is a dead letter.
//
// Two exceptions: a callback that goes on after its lease has expired (it ignores its
// deadline, or its process cannot reach the servers) can overlap with later events, and
// a dead letter that is retried is out of order.
//
// # What fails
//
// A callback that returns an error is called again, after pauses that grow, up to
// Consumer.MaxAttempts: for more than a day by default. Then the event becomes a dead
// letter, with the last error. An event becomes one at once if the callback returns
// event.Permanent, or if it cannot be decoded. An event that kills its process each time
// becomes one after 12 times at most. [Store.DeadLetters] and [Store.EachDead] list them;
// [Store.RetryDead] and [Store.DropDead] take them away.
// Nothing else deletes an event that no consumer has acknowledged.
//
// A body that was verified and that its endpoint could not decode is stored too, as an
// event of Type event.Unknown without a Payload. Callbacks get the body in Raw if
// Config.RawKeys has a key to seal it. Without one the body is dropped, and the log
// says so.
//
// # What is stored
//
// Each event is a message with the subject accesshook.<vendor>.<type> in one of the
// streams accesshook-0, accesshook-1, …: the JSON of package cloudevent, which any NATS
// client can read, with the headers [HeaderSchema] and [HeaderCredential]. Secrets are
// masked. With Config.KeepRaw the body lies beside it, sealed, and a callback gets Raw
// and the payload's secrets back.
//
// Whoever may publish to the streams of a cluster decides what the callbacks see, and
// whoever may read them sees personal data. Give both permissions to this service alone.
//
// # Clocks
//
// Clocks may be wrong, differ and be set: events go on being handled. The store decides by
// its monotonic clock when it tries an event again that it holds, and asks the other
// processes before it takes over what nobody seems to hold. But servers know duplicates for
// DedupeWindow by their clocks, and the times of events in the store are theirs.
//
// # From one store to another
//
// Stop what runs the old store, and run a [Move]. It copies what is not finished, the dead
// letters, and into a new store what it must know to drop duplicates. Events get a new time
// of storage and begin with their first attempt.
//
// # Measured
//
// A gateway with an embedded store was killed 200 times with SIGKILL at random
// moments while 32 connections sent to it: of 462,929 events answered 200 none was
// lost, and 4,569 came more than once; 3,694 had been sent again after a failure.
// On two cores and a disk with an fsync of 0.12 ms it stores some 3,900 events a
// second from one sender, 7,000 from 8 and 8,100 from 64, about as many as the engine
// itself does (BenchmarkStore).
package durable
