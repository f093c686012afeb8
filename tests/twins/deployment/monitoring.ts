import type { Alarm, Schedule, Topology } from '../../../src/aws/topology.ts'
import { ofKind } from '../../../src/aws/topology.ts'
import { randomUUID } from 'node:crypto'
import { ACCOUNT, REGION } from './identifiers.ts'

/** When an invocation failed, by the clock of the test. */
export interface Failure {
  functionName: string
  at: number
}

export type AlarmState = 'OK' | 'ALARM'

/** CloudWatch guide, Alarm evaluation, for the metric `Errors` of a function. */
export function evaluateAlarm(alarm: Alarm, failures: readonly Failure[], now: number): AlarmState {
  const { namespace, metric, statistic, comparison } = alarm
  if (namespace !== 'AWS/Lambda' || metric !== 'Errors' || statistic !== 'Sum')
    throw new TypeError(`alarm.${alarm.name}: the twin knows the sum of AWS/Lambda Errors only`)
  const since = now - alarm.periodSeconds * alarm.evaluationPeriods * 1000
  const errors = failures.filter(
    ({ functionName, at }) => functionName === alarm.dimensions['FunctionName'] && at > since,
  ).length
  switch (comparison) {
    case 'GreaterThanOrEqualToThreshold':
      return errors >= alarm.threshold ? 'ALARM' : 'OK'
    case 'GreaterThanThreshold':
      return errors > alarm.threshold ? 'ALARM' : 'OK'
    default:
      throw new TypeError(`alarm.${alarm.name}: the twin does not know ${comparison}`)
  }
}

/** EventBridge guide, Creating a rule that runs on a schedule: the event that the target gets. */
export function toScheduledEvent(scheduleArn: string, now: number): object {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: ACCOUNT,
    time: new Date(now).toISOString().replace(/\.\d+/, ''),
    region: REGION,
    resources: [scheduleArn],
    detail: {},
  }
}

/** EventBridge guide, Using resource-based policies: without one the event reaches nobody. */
export function mayFire(schedule: Schedule, scheduleArn: string, topology: Topology): boolean {
  return (
    schedule.enabled &&
    ofKind(topology, 'permission').some(
      ({ function: name, action, principal, sourceArn }) =>
        name === schedule.target &&
        ['lambda:InvokeFunction', 'lambda:*'].includes(action) &&
        ['events.amazonaws.com', '*'].includes(principal) &&
        (sourceArn === null || sourceArn === scheduleArn),
    )
  )
}
