/*
 * What does a program write below one folder, and what comes of it where one of these calls goes wrong?
 *
 * Becomes the program and has a child of its own trace it (as `strace -D` does, so that signals reach the program
 * itself): a seccomp filter stops nothing but the calls below, each is counted over all threads and child processes,
 * and at one of them everything is killed before it happens, or it fails. strace counts in each thread, so that it
 * cannot name the n-th call of a program.
 *
 * Bun's own C compiler makes it, without headers: x86-64 Linux only.
 */
typedef unsigned long word;

extern char **environ;
int access(const char *, int), close(int), dprintf(int, const char *, ...), execve(const char *, char **, char **);
int fork(void), getpid(void), kill(int, int), open(const char *, int, ...), pipe(int *), prctl(int, word, word, word, word);
int setsid(void), snprintf(char *, word, const char *, ...), strncmp(const char *, const char *, word), waitpid(int, int *, int);
long pread(int, void *, word, long), ptrace(int, int, void *, void *), read(int, void *, word);
long readlink(const char *, char *, word), write(int, const void *, word);
word strlen(const char *);
void _exit(int);

enum { GETREGS = 12, SETREGS = 13, CONT = 7, SEIZE = 0x4206, LISTEN = 0x4208 };
enum { FOLLOW_ALL = 2 | 4 | 8 | 16, STOP_AT_SECCOMP = 128, EVENT_SECCOMP = 7, EVENT_STOP = 128, ANY_TASK = 0x40000000 };
/* Places in struct user_regs_struct. */
enum { R10 = 7, RAX = 10, RDX = 12, RSI = 13, RDI = 14, CALL = 15, REGISTERS = 27 };

enum { FSYNC = 1, RENAME = 2, UNLINK = 4, WRITE = 8 };
static const struct { int number, kind; } CALLS[] = {
  {74, FSYNC}, {75, FSYNC}, {77, FSYNC}, {82, RENAME}, {264, RENAME}, {316, RENAME}, {87, UNLINK}, {263, UNLINK},
  {84, UNLINK}, {1, WRITE}, {18, WRITE}, {20, WRITE}, {296, WRITE}, {328, WRITE}, {326, WRITE}, {40, WRITE},
};
enum { COUNT = sizeof CALLS / sizeof *CALLS, LONGEST = 4096 };

struct filter { unsigned short code; unsigned char yes, no; unsigned k; };
struct program { unsigned short length; struct filter *filters; };

/* Each of our calls asks the tracer first. */
static void ask_before_calls(void) {
  struct filter filters[COUNT + 3];
  struct program program = {COUNT + 3, filters};
  filters[0] = (struct filter){0x20, 0, 0, 0};
  for (int k = 0; k < COUNT; k++) filters[k + 1] = (struct filter){0x15, COUNT - k, 0, CALLS[k].number};
  filters[COUNT + 1] = (struct filter){0x06, 0, 0, 0x7fff0000};
  filters[COUNT + 2] = (struct filter){0x06, 0, 0, 0x7ff00000};
  prctl(38, 1, 0, 0, 0);
  if (prctl(22, 2, (word)&program, 0, 0) != 0) _exit(126);
}

static int kind_of(int number) {
  for (int k = 0; k < COUNT; k++) if (CALLS[k].number == number) return CALLS[k].kind;
  return 0;
}

static void path_of_file(int task, int file, char *path) {
  char link[64];
  snprintf(link, sizeof link, file == -100 ? "/proc/%d/cwd" : "/proc/%d/fd/%d", task, file);
  long length = readlink(link, path, LONGEST - 1);
  path[length < 0 ? 0 : length] = 0;
}

static void path_at(int task, int folder, word address, char *path) {
  char memory[64], name[LONGEST];
  snprintf(memory, sizeof memory, "/proc/%d/mem", task);
  int file = open(memory, 0);
  long length = pread(file, name, LONGEST - 1, address);
  close(file);
  name[length < 0 ? 0 : length] = 0;
  if (name[0] == '/') { snprintf(path, LONGEST, "%s", name); return; }
  path_of_file(task, folder, path);
  word used = strlen(path);
  snprintf(path + used, LONGEST - used, "/%s", name);
}

/* The file that the call is about; of two names the old one. */
static void path_of_call(int task, word *regs, char *path) {
  switch (regs[CALL]) {
    case 82: case 84: case 87: return path_at(task, -100, regs[RDI], path);
    case 263: case 264: case 316: return path_at(task, regs[RDI], regs[RSI], path);
    case 326: return path_of_file(task, regs[RDX], path);
    default: return path_of_file(task, regs[RDI], path);
  }
}

static void trace(int server, const char *folder, int kinds, int at, int error, int log) {
  int status, task, count = 0;
  char path[LONGEST], place[64];
  word regs[REGISTERS];
  while ((task = waitpid(-1, &status, ANY_TASK)) > 0) {
    if ((status & 0xff) != 0x7f) continue;
    int signal = status >> 8 & 0xff, event = status >> 16;
    if (event == EVENT_STOP && signal != 5) { ptrace(LISTEN, task, 0, 0); continue; }
    if (event == EVENT_SECCOMP) {
      ptrace(GETREGS, task, 0, regs);
      int kind = kind_of(regs[CALL]);
      if (kind & kinds) path_of_call(task, regs, path); else path[0] = 0;
      if (strncmp(path, folder, strlen(folder)) == 0) {
        count++;
        snprintf(place, sizeof place, "/proc/%d/task/%d", server, task);
        int is_child = access(place, 0) != 0;
        if (at == 0 || at == count) dprintf(log, "%d %d %s\n", kind, is_child, path + strlen(folder));
        if (at == count && error != 0) {
          regs[CALL] = -1;
          regs[RAX] = -error;
          ptrace(SETREGS, task, 0, regs);
        } else if (at == count) {
          kill(server, 9);
          if (is_child) kill(task, 9);
        }
      }
    }
    ptrace(CONT, task, 0, (void *)(word)(event == 0 ? signal : 0));
  }
}

/*
 * Never returns: this process becomes `argv`. `at`: which of the calls of these kinds is harmed, counted from 1; 0: none,
 * each is written to `log` as "kind is-a-child path". `error`: what it fails with; 0: the kill.
 */
void run(const char *folder, int kinds, int at, int error, const char *log, char **argv) {
  int ready[2], server = getpid();
  char byte;
  pipe(ready);
  prctl(0x59616d61, -1, 0, 0, 0);
  if (fork() == 0) {
    setsid();
    for (int file = 0; file < 3; file++) close(file);
    int told = open(log, 01 | 0100 | 01000, 0600);
    if (ptrace(SEIZE, server, 0, (void *)(word)(FOLLOW_ALL | STOP_AT_SECCOMP)) != 0) _exit(1);
    write(ready[1], "", 1);
    close(ready[0]);
    close(ready[1]);
    trace(server, folder, kinds, at, error, told);
    _exit(0);
  }
  close(ready[1]);
  if (read(ready[0], &byte, 1) != 1) _exit(125);
  close(ready[0]);
  ask_before_calls();
  execve(argv[0], argv, environ);
  _exit(127);
}
