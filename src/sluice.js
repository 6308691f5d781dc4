#!/usr/bin/env node
// The package's command. Plain JavaScript that any Node can read, so that an old one says what it lacks in place of a syntax error.
const needed = 24;

if (Number(process.versions.node.split('.')[0]) < needed) {
  process.stderr.write(
    `Sluice needs Node ${needed} or newer; this is Node ${process.versions.node}.\n` +
      'Install a newer one from https://nodejs.org, or have npm bring it: npm install sluice node\n',
  );
  process.exit(1);
}

const { nodeFlags, allocatorSettings } = await import('./node-flags.js');
const given = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')].map(flag => flag.split('=')[0]);
const missing = nodeFlags.filter(flag => !given.includes(flag.split('=')[0]));
const env = { ...allocatorSettings, ...process.env };
// The same process starts over with them, within some milliseconds; where the system cannot do that it goes on without.
if (process.execve && (missing.length > 0 || Object.keys(env).length > Object.keys(process.env).length)) {
  const [node, ...rest] = process.argv;
  process.execve(node, [node, ...process.execArgv, ...missing, ...rest], env);
}
await import('../dist/src/main.js');
