package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// prepare returns requests, signed and ready to be written, so that the sender
// costs as little of the machine as it can. No two have the same body.
func prepare(round, n int) [][]byte {
	mac := hmac.New(sha256.New, []byte(secret))
	all := make([][]byte, n)
	for i := range all {
		body := fmt.Appendf(nil, `{"event":"authentication.success","data":{"userId":"u-%08d","sessionId":"s-%03d-%08d",`+
			`"deviceId":"d-77","timestamp":"2026-02-03T04:05:06.789Z","ipAddress":"192.0.2.33",`+
			`"userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Safari/605.1.15",`+
			`"location":{"country":"NO","city":"Oslo","timezone":"Europe/Oslo"}}}`, i, round, i)
		mac.Reset()
		mac.Write(body)
		all[i] = fmt.Appendf(nil, "POST /webhooks/relock HTTP/1.1\r\nHost: gateway\r\nUser-Agent: load\r\nContent-Type: application/json\r\n"+
			"X-Relock-Signature: %x\r\nContent-Length: %d\r\n\r\n%s", mac.Sum(nil), len(body), body)
	}
	return all
}

// sendAll sends the requests, over so many connections at the same time, and
// returns how long that took. An answer other than 200 is an error.
func sendAll(ctx context.Context, addr string, requests [][]byte, connections int) (time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	begun := time.Now()
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() {
			if err := sendEach(ctx, addr, requests[len(requests)*i/connections:len(requests)*(i+1)/connections]); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return time.Since(begun), context.Cause(ctx)
}

// sendEach sends the requests one after another.
func sendEach(ctx context.Context, addr string, requests [][]byte) error {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	answers := bufio.NewReader(c)
	for _, request := range requests {
		if _, err := c.Write(request); err != nil {
			return err
		}
		if err := readAnswer(answers); err != nil {
			return err
		}
	}
	return nil
}

// readAnswer reads no more of an answer than it needs to.
func readAnswer(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("answered %q", line)
	}
	length := 0
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return err
			}
		}
	}
	_, err = r.Discard(length)
	return err
}
