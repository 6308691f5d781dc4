// What Node is started with where Sluice runs as a program of its own. Plain JavaScript, since it is read before anything can run.
//
// V8 lets the young generation grow to 96 MB on a large machine. What a change leaves behind dies within a read of the socket, so that 12 MB
// do as well: collections are more frequent and as much shorter.
export const nodeFlags = ['--max-semi-space-size=4'];

// glibc's allocator, in whose words these are; others ignore them. Left to itself it takes buffers of megabytes from its heap as soon as one was
// freed, and that heap never shrinks: measured after a quarter of an hour of steady load, 76 MB, of which a few were in use.
export const allocatorSettings = { MALLOC_MMAP_THRESHOLD_: '131072', MALLOC_ARENA_MAX: '2' };
