#include <malloc.h>
#include <sys/stat.h>

/* What stands under the path, as one of S_IF…; 0 where there is nothing. */
static inline mode_t host_file_type(const char *path) {
    struct stat info;
    return lstat(path, &info) == 0 ? info.st_mode & S_IFMT : 0;
}
