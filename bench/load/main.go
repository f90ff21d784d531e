// Load sends gRPC calls from a file of requests, each a different one, and prints what came
// of them as JSON. It is compiled and sends bytes as they are, so that it costs less than the
// server it measures.
package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// raw passes message bytes through.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (raw) Name() string { return "proto" }

type report struct {
	Calls          int     `json:"calls"`
	Errors         int     `json:"errors"`
	Seconds        float64 `json:"seconds"`
	CallsPerSecond float64 `json:"calls_per_second"`
	P50            float64 `json:"p50_ms"`
	P99            float64 `json:"p99_ms"`
	AnswerBytes    float64 `json:"answer_bytes"`
}

// readRequests reads messages, each behind its length as four big-endian bytes.
func readRequests(name string) ([][]byte, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var requests [][]byte
	for len(data) > 0 {
		size := binary.BigEndian.Uint32(data)
		requests = append(requests, data[4:4+size])
		data = data[4+size:]
	}
	return requests, nil
}

type sample struct {
	latency time.Duration
	bytes   int
	failed  bool
}

func main() {
	target := flag.String("target", "127.0.0.1:50051", "address of the server")
	method := flag.String("method", "/rolefit.v1.RecommendationService/Recommend", "method")
	file := flag.String("requests", "", "file of requests")
	connections := flag.Int("connections", 4, "connections")
	inFlight := flag.Int("in-flight", 8, "calls in flight on each connection")
	calls := flag.Int("calls", 20000, "calls in all")
	offset := flag.Int("offset", 0, "first request to send")
	rate := flag.Float64("rate", 0, "calls begun per second in all; 0: as fast as they are answered")
	flag.Parse()

	requests, err := readRequests(*file)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	samples := make([]sample, *calls)
	var next atomic.Int64
	var workers sync.WaitGroup
	begin := time.Now()
	for i := 0; i < *connections; i++ {
		connection, err := grpc.NewClient(
			*target,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})),
		)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		defer connection.Close()
		for j := 0; j < *inFlight; j++ {
			workers.Add(1)
			go func() {
				defer workers.Done()
				for {
					n := int(next.Add(1)) - 1
					if n >= *calls {
						return
					}
					start := time.Now()
					if *rate > 0 {
						// The clock starts when the call is due, so that waiting counts.
						start = begin.Add(time.Duration(float64(n) / *rate * float64(time.Second)))
						time.Sleep(time.Until(start))
					}
					request := requests[(*offset+n)%len(requests)]
					var answer []byte
					ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
					err := connection.Invoke(ctx, *method, &request, &answer)
					cancel()
					if err != nil {
						fmt.Fprintln(os.Stderr, "call failed:", err)
					}
					samples[n] = sample{time.Since(start), len(answer), err != nil}
				}
			}()
		}
	}
	workers.Wait()
	print(samples, time.Since(begin))
}

func print(samples []sample, elapsed time.Duration) {
	latencies := make([]float64, 0, len(samples))
	errors, bytes := 0, 0
	for _, each := range samples {
		if each.failed {
			errors++
			continue
		}
		bytes += each.bytes
		latencies = append(latencies, each.latency.Seconds()*1000)
	}
	sort.Float64s(latencies)
	at := func(share float64) float64 {
		if len(latencies) == 0 {
			return 0
		}
		return latencies[int(share*float64(len(latencies)-1))]
	}
	answered := len(latencies)
	out := report{
		Calls: len(samples), Errors: errors, Seconds: elapsed.Seconds(),
		CallsPerSecond: float64(answered) / elapsed.Seconds(),
		P50:            at(0.5), P99: at(0.99),
	}
	if answered > 0 {
		out.AnswerBytes = float64(bytes) / float64(answered)
	}
	_ = json.NewEncoder(os.Stdout).Encode(out)
}
