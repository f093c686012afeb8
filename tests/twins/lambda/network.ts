import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** The network of functions in a VPC from whose subnets nothing leads out. */
export interface IsolatedNetwork {
  /** Words before a command that make it run inside. */
  readonly enter: readonly string[]
  /** Packets that anything inside has sent to anywhere but itself. */
  transmitted(): number
  close(): Promise<void>
}

/**
 * A neighbour that is known and never answers: a connect sends its SYN and hangs, as in a VPC
 * without a route, and the name server is just as silent. Without `addrgenmode none` the kernel
 * itself would send (IPv6 neighbour discovery), and the counter would prove nothing.
 */
const SETUP = `
set -e
ip link set lo up
ip link add vpc0 type veth peer name vpc1
for end in vpc0 vpc1; do ip link set $end addrgenmode none; ip link set $end up; done
ip addr add 10.0.0.10/24 dev vpc0
ip neigh add 10.0.0.1 lladdr 02:00:00:00:00:01 dev vpc0
ip route add default via 10.0.0.1
resolver=$(mktemp)
echo nameserver 10.0.0.1 > "$resolver"
mount --bind "$resolver" /etc/resolv.conf
rm "$resolver"
echo ready
exec cat
`

/** Undefined where this host cannot: no `unshare`, no `ip`, or no permission. */
export async function openIsolatedNetwork(): Promise<IsolatedNetwork | undefined> {
  const isRoot = process.getuid?.() === 0
  const user = isRoot ? [] : ['--user', '--map-root-user']
  // It ends with the pipe to its stdin, and so with this process however that ends.
  const holder = spawn('unshare', [...user, '--net', '--mount', 'sh', '-c', SETUP], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  if (!(await isReady(holder))) return undefined
  const pid = String(holder.pid)
  return {
    enter: [
      'nsenter',
      `--target=${pid}`,
      '--net',
      '--mount',
      ...(isRoot ? [] : ['--user', '--preserve-credentials']),
      '--',
    ],
    transmitted: () => readTransmitted(pid),
    close: () => end(holder),
  }
}

function isReady(holder: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    holder.on('error', () => resolve(false)).on('exit', () => resolve(false))
    if (holder.stdout !== null)
      createInterface(holder.stdout).on('line', (line) => resolve(line === 'ready'))
  })
}

/** proc(5), /proc/net/dev: after the colon eight numbers of receiving, then bytes and packets sent. */
function readTransmitted(pid: string): number {
  const line = readFileSync(`/proc/${pid}/net/dev`, 'utf8')
    .split('\n')
    .find((each) => each.trim().startsWith('vpc0:'))
  const packets = line?.split(':')[1]?.trim().split(/\s+/)[9]
  if (packets === undefined) throw new Error('the namespace has lost its interface')
  return Number(packets)
}

function end(holder: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    holder.on('exit', () => resolve())
    if (holder.exitCode !== null || holder.signalCode !== null) resolve()
    holder.kill('SIGKILL')
  })
}
