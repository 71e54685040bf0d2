package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
)

// sendLean costs as little as a sender can: it writes each request in one call, and reads
// only the status and the length of an answer.
func sendLean(ctx context.Context, to target, all []delivery) error {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", to.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	answers := bufio.NewReader(c)
	var request []byte
	for _, d := range all {
		request = append(request[:0], "POST "+path+" HTTP/1.1\r\nHost: gateway\r\nUser-Agent: load\r\nContent-Type: application/json\r\nX-Relock-Signature: "...)
		request = append(request, d.signature...)
		request = append(request, "\r\nContent-Length: "...)
		request = strconv.AppendInt(request, int64(len(d.body)), 10)
		request = append(request, "\r\n\r\n"...)
		request = append(request, d.body...)
		if _, err := c.Write(request); err != nil {
			return err
		}
		if err := readAnswer(answers); err != nil {
			return err
		}
	}
	return nil
}

// readAnswer reads an answer and checks its status.
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
