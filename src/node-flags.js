// What Node is started with where Sluice runs as a program of its own. Plain JavaScript, since it is read before anything can run.
//
// V8 lets the young generation grow to 96 MB on a large machine. What a change leaves behind dies within a read of the socket, so that 12 MB
// do as well: collections are more frequent and as much shorter.
export const nodeFlags = ['--max-semi-space-size=4'];
