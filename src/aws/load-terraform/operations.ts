import * as v from 'valibot'
import { findName, type Load, read, readJson, Text } from './input.ts'

const loadSecret: Load = (input) => {
  const { description } = read(v.object({ description: v.nullish(Text, '') }), input)
  return { kind: 'secret', name: input.name, description: description === '' ? null : description }
}

const InvocationSchema = v.object({ function_name: Text, input: Text })
const CallSchema = v.record(
  v.string(),
  v.pipe(
    v.unknown(),
    v.transform((value) => (typeof value === 'string' ? value : JSON.stringify(value))),
  ),
)

const loadKeys: Load = (input, others) => {
  const call = read(InvocationSchema, input)
  return {
    kind: 'keys',
    name: input.name,
    function: findName('function', call.function_name, others),
    // A plan may not know it yet.
    input: call.input.startsWith('${')
      ? {}
      : readJson(CallSchema, call.input, `${input.address}.input`),
  }
}

const ScheduleSchema = v.object({
  schedule_expression: v.nullish(Text, ''),
  state: v.nullish(Text, 'ENABLED'),
})
const TargetSchema = v.object({ rule: Text, arn: Text })

const loadSchedule: Load = (input, others) => {
  const schedule = read(ScheduleSchema, input)
  const target = others
    .filter(({ type }) => type === 'aws_cloudwatch_event_target')
    .map((other) => read(TargetSchema, other))
    .find(({ rule }) => findName('schedule', rule, others) === input.name)
  return {
    kind: 'schedule',
    name: input.name,
    expression: schedule.schedule_expression,
    enabled: schedule.state === 'ENABLED',
    target: findName('function', target?.arn ?? '', others),
  }
}

const AlarmSchema = v.object({
  namespace: v.nullish(Text, ''),
  metric_name: v.nullish(Text, ''),
  dimensions: v.nullish(v.record(v.string(), Text), {}),
  statistic: v.nullish(Text, ''),
  period: v.nullish(v.number(), 0),
  evaluation_periods: v.number(),
  threshold: v.nullish(v.number(), 0),
  comparison_operator: Text,
  treat_missing_data: v.nullish(Text, 'missing'),
  alarm_description: v.nullish(Text, ''),
})

const loadAlarm: Load = (input, others) => {
  const alarm = read(AlarmSchema, input)
  const dimension = (value: string): string => {
    const name = findName('function', value, others)
    return name === value ? value : `\${function.${name}.name}`
  }
  return {
    kind: 'alarm',
    name: input.name,
    namespace: alarm.namespace,
    metric: alarm.metric_name,
    dimensions: Object.fromEntries(
      Object.entries(alarm.dimensions).map(([key, value]) => [key, dimension(value)]),
    ),
    statistic: alarm.statistic,
    periodSeconds: alarm.period,
    evaluationPeriods: alarm.evaluation_periods,
    threshold: alarm.threshold,
    comparison: alarm.comparison_operator,
    missingData: alarm.treat_missing_data,
    description: alarm.alarm_description,
  }
}

export const OPERATIONS: Readonly<Record<string, Load>> = {
  aws_secretsmanager_secret: loadSecret,
  aws_lambda_invocation: loadKeys,
  aws_cloudwatch_event_rule: loadSchedule,
  aws_cloudwatch_metric_alarm: loadAlarm,
}
