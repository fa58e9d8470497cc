/* A check of a record's texts and times in C, made for one record from rules (see limits.py).
 *
 * It says yes to what is surely within the rules, ASCII alone; whatever else it is given, it says
 * no, and limits.py looks closer and finds the words.  It never raises over a record.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum kind { TEXT, BELOW, RECORD };

typedef struct rule {
    enum kind kind;
    PyObject *name;       /* of the field */
    char allowed[128];    /* of a text: whether a character may be in it */
    Py_ssize_t min, max;  /* of a text: its length */
    int64_t end;          /* of a number: it is below, and not negative */
    struct rule *fields;  /* of a record */
    Py_ssize_t count;
} rule;

typedef struct {
    PyObject_HEAD
    vectorcallfunc call;
    rule root;
} limits;

/* --- rules -----------------------------------------------------------------------------------*/

static void clear_rule(rule *self) {
    for (Py_ssize_t i = 0; i < self->count; i++)
        clear_rule(&self->fields[i]);
    PyMem_Free(self->fields);
    Py_XDECREF(self->name);
    memset(self, 0, sizeof(*self));
}

static int read_rule(PyObject *given, rule *self);

/* ((name, rule), …) */
static int read_fields(PyObject *given, rule *self) {
    Py_ssize_t count = PyTuple_GET_SIZE(given);
    self->kind = RECORD;
    self->fields = PyMem_Calloc(count ? count : 1, sizeof(rule));
    if (self->fields == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *name, *inner;
        if (!PyTuple_Check(PyTuple_GET_ITEM(given, i))) {
            PyErr_SetString(PyExc_TypeError, "a field is a tuple of its name and its rule");
            return -1;
        }
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(given, i), "UO", &name, &inner))
            return -1;
        self->count = i + 1;
        Py_INCREF(name);
        PyUnicode_InternInPlace(&name);
        self->fields[i].name = name;
        if (read_rule(inner, &self->fields[i]) < 0)
            return -1;
    }
    return 0;
}

/* ("text", allowed characters, min, max), ("below", end) or ("record", fields) */
static int read_rule(PyObject *given, rule *self) {
    const char *kind, *allowed;
    PyObject *fields;
    if (!PyTuple_Check(given) || PyTuple_GET_SIZE(given) < 2 ||
        !PyUnicode_Check(PyTuple_GET_ITEM(given, 0))) {
        PyErr_SetString(PyExc_TypeError, "a rule is a tuple that begins with its kind");
        return -1;
    }
    kind = PyUnicode_AsUTF8(PyTuple_GET_ITEM(given, 0));
    if (kind == NULL)
        return -1;
    if (strcmp(kind, "text") == 0) {
        self->kind = TEXT;
        if (!PyArg_ParseTuple(given, "ssnn", &kind, &allowed, &self->min, &self->max))
            return -1;
        for (; *allowed; allowed++)
            if ((unsigned char)*allowed < 128)
                self->allowed[(unsigned char)*allowed] = 1;
        return 0;
    }
    if (strcmp(kind, "below") == 0) {
        long long end;
        self->kind = BELOW;
        if (!PyArg_ParseTuple(given, "sL", &kind, &end))
            return -1;
        self->end = end;
        return 0;
    }
    if (strcmp(kind, "record") == 0) {
        if (!PyArg_ParseTuple(given, "sO!", &kind, &PyTuple_Type, &fields))
            return -1;
        return read_fields(fields, self);
    }
    PyErr_Format(PyExc_ValueError, "no such kind of rule: %s", kind);
    return -1;
}

/* --- the check -------------------------------------------------------------------------------*/

static int is_text_within(const rule *self, PyObject *value) {
    if (!PyUnicode_CheckExact(value) || PyUnicode_READY(value) < 0 ||
        !PyUnicode_IS_ASCII(value))
        return 0;
    Py_ssize_t length = PyUnicode_GET_LENGTH(value);
    if (length < self->min || length > self->max)
        return 0;
    const Py_UCS1 *text = PyUnicode_1BYTE_DATA(value);
    for (Py_ssize_t i = 0; i < length; i++)
        if (!self->allowed[text[i]])
            return 0;
    return 1;
}

static int is_within(const rule *self, PyObject *value) {
    switch (self->kind) {
    case TEXT:
        return is_text_within(self, value);
    case BELOW: {
        if (!PyLong_CheckExact(value))
            return 0;
        int overflow;
        int64_t number = PyLong_AsLongLongAndOverflow(value, &overflow);
        return !overflow && number >= 0 && number < self->end;
    }
    case RECORD:
        if (!PyDict_CheckExact(value))
            return 0;
        for (Py_ssize_t i = 0; i < self->count; i++) {
            PyObject *field = PyDict_GetItemWithError(value, self->fields[i].name);
            if (field == NULL || !is_within(&self->fields[i], field))
                return 0;
        }
        return 1;
    }
    Py_UNREACHABLE();
}

static PyObject *call_limits(PyObject *object, PyObject *const *arguments, size_t flags,
                             PyObject *names) {
    if (PyVectorcall_NARGS(flags) != 1 || (names != NULL && PyTuple_GET_SIZE(names) != 0)) {
        PyErr_SetString(PyExc_TypeError, "takes exactly one argument");
        return NULL;
    }
    int answer = is_within(&((limits *)object)->root, arguments[0]);
    PyErr_Clear();
    return PyBool_FromLong(answer);
}

static PyObject *new_limits(PyTypeObject *type, PyObject *arguments, PyObject *names) {
    PyObject *fields;
    if (!PyArg_ParseTuple(arguments, "O!", &PyTuple_Type, &fields))
        return NULL;
    limits *self = (limits *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->call = call_limits;
    if (read_fields(fields, &self->root) < 0)
        Py_CLEAR(self);
    return (PyObject *)self;
}

static void free_limits(PyObject *object) {
    clear_rule(&((limits *)object)->root);
    Py_TYPE(object)->tp_free(object);
}

/* --- the module ------------------------------------------------------------------------------*/

static PyTypeObject limits_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "schemas.native_limits.Limits",
    .tp_doc = "Limits(fields): whether a record is surely within the rules of its fields.",
    .tp_basicsize = sizeof(limits),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_vectorcall_offset = offsetof(limits, call),
    .tp_call = PyVectorcall_Call,
    .tp_new = new_limits,
    .tp_dealloc = free_limits,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "schemas.native_limits",
    .m_doc = "The check of limits in C: see native_limits.c.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit_native_limits(void) {
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && PyModule_AddType(module, &limits_type) < 0)
        Py_CLEAR(module);
    return module;
}
