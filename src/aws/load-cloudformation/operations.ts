import * as v from 'valibot'
import { type Load, nameOf, Numeric, read, Text } from './input.ts'

const loadSecret: Load = (input) => ({
  kind: 'secret',
  name: input.name,
  description: read(v.object({ Description: v.optional(Text) }), input).Description ?? null,
})

const KeysSchema = v.objectWithRest({ ServiceToken: Text, ServiceTimeout: v.optional(Text) }, Text)

const loadKeys: Load = (input) => {
  const { ServiceToken, ServiceTimeout: _, ...rest } = read(KeysSchema, input)
  return { kind: 'keys', name: input.name, function: nameOf('function', ServiceToken), input: rest }
}

const ScheduleSchema = v.object({
  ScheduleExpression: v.optional(Text, ''),
  State: v.optional(Text, 'ENABLED'),
  Targets: v.optional(v.array(v.object({ Arn: Text })), []),
})

const loadSchedule: Load = (input) => {
  const schedule = read(ScheduleSchema, input)
  return {
    kind: 'schedule',
    name: input.name,
    expression: schedule.ScheduleExpression,
    enabled: schedule.State === 'ENABLED',
    target: nameOf('function', schedule.Targets[0]?.Arn ?? ''),
  }
}

const AlarmSchema = v.object({
  Namespace: v.optional(Text, ''),
  MetricName: v.optional(Text, ''),
  Dimensions: v.optional(v.array(v.object({ Name: Text, Value: Text })), []),
  Statistic: v.optional(Text, ''),
  Period: v.optional(Numeric, 0),
  EvaluationPeriods: Numeric,
  Threshold: v.optional(Numeric, 0),
  ComparisonOperator: Text,
  TreatMissingData: v.optional(Text, 'missing'),
  AlarmDescription: v.optional(Text, ''),
})

const loadAlarm: Load = (input) => {
  const alarm = read(AlarmSchema, input)
  return {
    kind: 'alarm',
    name: input.name,
    namespace: alarm.Namespace,
    metric: alarm.MetricName,
    dimensions: Object.fromEntries(alarm.Dimensions.map(({ Name, Value }) => [Name, Value])),
    statistic: alarm.Statistic,
    periodSeconds: alarm.Period,
    evaluationPeriods: alarm.EvaluationPeriods,
    threshold: alarm.Threshold,
    comparison: alarm.ComparisonOperator,
    missingData: alarm.TreatMissingData,
    description: alarm.AlarmDescription,
  }
}

export const OPERATIONS: Readonly<Record<string, Load>> = {
  'AWS::SecretsManager::Secret': loadSecret,
  'Custom::PosternKeys': loadKeys,
  'AWS::Events::Rule': loadSchedule,
  'AWS::CloudWatch::Alarm': loadAlarm,
}
