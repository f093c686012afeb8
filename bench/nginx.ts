import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { listen } from './listen.ts'

/** nginx before the same upstream, set up for streaming; undefined where it is not installed. */
export async function startNginx(
  upstream: string,
): Promise<{ url: string; stop: () => Promise<void> } | undefined> {
  try {
    execFileSync('nginx', ['-v'], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  const folder = mkdtempSync(join(tmpdir(), 'postern-nginx-'))
  const url = await findFreeOrigin()
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, url, upstream))
  const flags = ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')]
  const child = spawn('nginx', flags, { stdio: 'ignore' })
  await setTimeout(500)
  return { url: `${url}/mcp`, stop: () => stop(child, folder) }
}

async function stop(child: ChildProcess, folder: string): Promise<void> {
  const gone = new Promise((done) => child.once('exit', done))
  if (child.exitCode === null && child.kill()) await gone
  rmSync(folder, { recursive: true, force: true })
}

async function findFreeOrigin(): Promise<string> {
  const probe = createServer()
  const origin = await listen(probe)
  await new Promise((done) => probe.close(done))
  return origin
}

function configuration(folder: string, url: string, upstream: string): string {
  return `
daemon off;
worker_processes 1;
pid ${folder}/pid;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000;
  upstream mcp { server ${new URL(upstream).host}; keepalive 64; keepalive_requests 1000000; }
  server {
    listen ${new URL(url).host};
    location / {
      proxy_pass http://mcp;
      proxy_http_version 1.1;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_set_header Connection "";
      proxy_set_header Authorization "";
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
    }
  }
}
`
}
