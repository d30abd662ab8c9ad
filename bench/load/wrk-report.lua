-- Names are those in the ClientHello; all of them are this machine.
function wrk.resolve(host, service)
  local addresses = wrk.lookup("127.0.0.1", service)
  for i = #addresses, 1, -1 do
    if not wrk.connect(addresses[i]) then
      table.remove(addresses, i)
    end
  end
  wrk.addrs = addresses
end

-- What wrk counted, as JSON behind its own text: wrk rounds and abbreviates.
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"bytes":%d,"microseconds":%d,"socketErrors":%d,"statusErrors":%d,"median":%d,"p99":%d}\n',
    summary.requests, summary.bytes, summary.duration,
    e.connect + e.read + e.write + e.timeout, e.status,
    latency:percentile(50), latency:percentile(99)))
end
