"""Link to spool: the guard, the fetch, the spool, and the library of exhibits."""
