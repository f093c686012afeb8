/**
 * Loaded before a function where the host has no network namespaces: whatever wants to leave the
 * process fails at once. Weaker than a namespace, because native code could pass it by.
 */
import dgram from 'node:dgram'
import dns from 'node:dns'
import net from 'node:net'

function refuse(): never {
  throw new Error('this function has no network')
}

net.Socket.prototype.connect = refuse
dgram.Socket.prototype.send = refuse
dgram.Socket.prototype.connect = refuse
Object.assign(dns, { lookup: refuse, resolve: refuse, resolve4: refuse, resolve6: refuse })
Object.assign(dns.promises, { lookup: refuse, resolve: refuse, resolve4: refuse, resolve6: refuse })
