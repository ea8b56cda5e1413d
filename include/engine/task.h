/* Events that a company's own rules make for its rules (step_task.c). */
#ifndef TASK_H
#define TASK_H

#define TASK_CONNECTION "task" /* where they come from */

#endif
